// Sequence numbers in the service's own layout, a pure function of where a record lies and when it
// came.
//
// Version 2, 47 hex digits printed as 56 decimal ones, from the left:
//
//   hex digits  bits  content
//   0                 2
//   1..9          36  the shard's creation time, seconds since the epoch
//   10             4  low four bits of the shard's index
//   11..26        64  index of the record in its shard; the first digit is at most 7
//   27..28         8  0
//   29..37        36  the record's time, seconds since the epoch
//   38..45        32  the shard's index
//   46             4  version, 2
//
// Source: public samples of the service's numbers from 2015 to 2026; examples in
// tests/streams/sequence_number_test.cpp. Older versions are only ever parsed.

#pragma once

#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace millrace::streams {

// The index a closed shard's EndingSequenceNumber has: above that of every record.
inline constexpr std::uint64_t kEndIndex = 0x7fff'ffff'ffff'ffff;

struct SequenceNumber {
  int version = 2;
  std::int64_t creation_second = 0;  // Of the shard.
  std::int64_t shard_index = 0;      // Negative in some numbers that no shard ever gave.
  std::uint64_t index = 0;  // 0 is the shard's StartingSequenceNumber; its first record has 1.
  std::int64_t second = 0;  // Of the record.

  friend bool operator==(const SequenceNumber&, const SequenceNumber&) = default;
};

// Whether a record numbered {index, second} comes before another of the same shard.
[[nodiscard]] constexpr bool is_before(const SequenceNumber& a, const SequenceNumber& b) {
  return a.index != b.index ? a.index < b.index : a.second < b.second;
}

inline constexpr std::size_t kSequenceDigits = 56;

// The decimal digits of a version 2 number, without an allocation.
struct SequenceText {
  static constexpr bool kIsPlainText = true;  // Nothing in it is ever escaped.

  std::array<char, kSequenceDigits> digits{};

  // NOLINTNEXTLINE(google-explicit-constructor): it is text wherever text is wanted.
  operator std::string_view() const { return {digits.data(), digits.size()}; }
};

// Writes numbers of version 2 in decimal. Those that follow one another in a shard, as the records
// of a batch do, cost an addition each and not a division of 186 bits.
class SequencePrinter {
 public:
  [[nodiscard]] const SequenceText& print(const SequenceNumber& number);

 private:
  // The number in groups of 16 decimal digits, the lowest first.
  using Groups = std::array<std::uint64_t, 4>;

  void begin(const SequenceNumber& number);
  void add_one_index();

  SequenceNumber last_{.version = 0};  // None yet.
  Groups groups_{};
  SequenceText text_;
};

// The digits as a string.
[[nodiscard]] std::string to_decimal(const SequenceNumber& number);

// Reads a number of any version. Nothing if it is not one the service could have given.
[[nodiscard]] std::optional<SequenceNumber> parse_sequence_number(std::string_view text);

}  // namespace millrace::streams
