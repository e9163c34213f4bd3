// A run of entries for one log, as the caller builds it and as it lies on disk.
//
// What an entry means is the caller's business; here it is a length and so many bytes.
//
// Stored value (docs/internals/storage-format.md), all numbers big-endian:
//
//   offset  size  content
//        0     1  format, 1
//        1     1  flags, 0
//        2     4  number of entries
//        6     8  arrival time of all of them, milliseconds since the epoch
//       14     4  CRC-32C of bytes 0..13 and of everything behind byte 18
//       18        the entries: 4 bytes length, then the bytes, one after the other

#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/error.h"
#include "base/time_point.h"

namespace millrace::storage {

inline constexpr std::size_t kValueHeaderBytes = 18;
inline constexpr std::size_t kEntryHeaderBytes = 4;

// A value is cut when it passes this; one larger entry stands alone.
inline constexpr std::size_t kValueBytesMax = 256UL * 1024;

class Batch {
 public:
  // Adds an entry that consists of `parts`, one behind the other.
  void add(std::initializer_list<std::string_view> parts);

  // Makes room for entries of so many bytes in all.
  void reserve(std::size_t entry_count, std::size_t entry_bytes) {
    body_.reserve(entry_count * kEntryHeaderBytes + entry_bytes);
  }

  [[nodiscard]] std::uint32_t count() const { return count_; }
  [[nodiscard]] std::string_view body() const { return body_; }

 private:
  std::string body_;
  std::uint32_t count_ = 0;
};

// Some entries that become one stored value. `bodies` point into the batches they came from.
struct ValueParts {
  std::span<const std::string_view> bodies;
  std::uint32_t count = 0;
};

// Splits entries, in order, into values of at most kValueBytesMax. Keeps its memory for the next
// ones.
class ValueCutter {
 public:
  // Puts the entries of a batch behind those that are waiting; of what is full now, `visit` gets
  // ValueParts.
  template <class Visit>
  void add(std::string_view body, Visit visit) {
    std::size_t start = 0;
    std::size_t at = 0;
    while (at < body.size()) {
      const std::size_t entry_bytes =
          kEntryHeaderBytes + read_big_endian<std::uint32_t>(body.substr(at));
      if (count_ > 0 && bytes_ + entry_bytes > kValueBytesMax) {
        if (at > start) bodies_.push_back(body.substr(start, at - start));
        start = at;
        finish(visit);
      }
      at += entry_bytes;
      bytes_ += entry_bytes;
      ++count_;
    }
    if (at > start) bodies_.push_back(body.substr(start, at - start));
  }

  // What is left.
  template <class Visit>
  void finish(Visit visit) {
    if (count_ > 0) visit(ValueParts{bodies_, count_});
    bodies_.clear();
    bytes_ = 0;
    count_ = 0;
  }

 private:
  std::vector<std::string_view> bodies_;
  std::size_t bytes_ = 0;
  std::uint32_t count_ = 0;
};

// The header that stands before `parts` on disk.
[[nodiscard]] std::array<char, kValueHeaderBytes> encode_value_header(const ValueParts& parts,
                                                                      TimePoint arrival);

// A stored value taken apart. `body` points into the value.
struct DecodedValue {
  std::uint32_t count = 0;
  TimePoint arrival{};
  std::string_view body;
};

// Errors: kDamaged if the bytes are not a value this version wrote.
[[nodiscard]] Result<DecodedValue> decode_value(std::string_view value);

// The same without a look at the body: its checksum and entries are not checked. For a search,
// which would otherwise take all of it from memory for the sake of its time.
[[nodiscard]] Result<DecodedValue> peek_value(std::string_view value);

// Takes the next entry off the front of `body`, which decode_value() has checked.
[[nodiscard]] inline std::string_view take_entry(std::string_view& body) {
  const auto size = read_big_endian<std::uint32_t>(body);
  const std::string_view entry = body.substr(kEntryHeaderBytes, size);
  body.remove_prefix(kEntryHeaderBytes + size);
  return entry;
}

}  // namespace millrace::storage
