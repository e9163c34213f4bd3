#include "streams/sequence_number.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>

namespace millrace::streams {
namespace {

constexpr std::size_t kHexDigits = 47;
constexpr std::size_t kDecimalDigitsMax = 129;
constexpr std::int64_t kCreationSecondEnd =
    16025175000;  // The service says "Date too large" from here on.

// An unsigned number of 256 bits, lowest word first: enough for any number that can be valid.
struct Wide {
  std::array<std::uint64_t, 4> words{};

  friend bool operator==(const Wide&, const Wide&) = default;
};

__extension__ using DoubleWord = unsigned __int128;

// value = value * factor + addend. False if it no longer fits.
bool multiply_add(Wide& value, std::uint64_t factor, std::uint64_t addend) {
  std::uint64_t carry = addend;
  for (std::uint64_t& word : value.words) {
    const DoubleWord product = DoubleWord{word} * factor + carry;
    word = static_cast<std::uint64_t>(product);
    carry = static_cast<std::uint64_t>(product >> 64U);
  }
  return carry == 0;
}

// value = value / divisor; returns the remainder.
std::uint64_t divide(Wide& value, std::uint64_t divisor) {
  DoubleWord remainder = 0;
  for (std::size_t i = value.words.size(); i-- > 0;) {
    const DoubleWord dividend = remainder << 64U | value.words[i];
    value.words[i] = static_cast<std::uint64_t>(dividend / divisor);
    remainder = dividend % divisor;
  }
  return static_cast<std::uint64_t>(remainder);
}

bool is_less(const Wide& a, const Wide& b) {
  return std::ranges::lexicographical_compare(a.words.rbegin(), a.words.rend(), b.words.rbegin(),
                                              b.words.rend());
}

Wide power_of_two(unsigned exponent) {
  Wide value;
  value.words[exponent / 64] = std::uint64_t{1} << exponent % 64;
  return value;
}

// `width` hex digits from position `from`, counted from the left of `digits` hex digits.
std::uint64_t hex_field(const Wide& value, std::size_t digits, std::size_t from,
                        std::size_t width) {
  std::uint64_t field = 0;
  for (std::size_t i = from; i < from + width; ++i) {
    const std::size_t shift = 4 * (digits - 1 - i);
    field = field << 4U | (value.words[shift / 64] >> shift % 64 & 15U);
  }
  return field;
}

void put_hex_field(Wide& value, std::size_t from, std::size_t width, std::uint64_t field) {
  for (std::size_t i = from + width; i-- > from; field >>= 4U) {
    const std::size_t shift = 4 * (kHexDigits - 1 - i);
    value.words[shift / 64] |= (field & 15U) << shift % 64;
  }
}

constexpr std::size_t kGroupDigits = 16;
constexpr std::uint64_t kGroup = 10'000'000'000'000'000;  // 10^16
constexpr std::size_t kHalfDigits = kGroupDigits / 2;
constexpr std::uint64_t kHalf = 100'000'000;  // 10^8

// 2^80 in such groups: 120892581 9614629174706176.
constexpr std::array<std::uint64_t, 4> kIndexStep = {9'614'629'174'706'176, 120'892'581, 0, 0};

// Writes eight digits at once: two numbers below 10^4 side by side in a word, of these four below
// 100, of these eight below 10, the highest in the lowest byte. Quotients are products: n * 10486
// >> 20 is n / 100 below 10^4, n * 103 >> 10 is n / 10 below 100.
void write_half(std::uint64_t half, char* to) {
  const std::uint64_t two = half / 10'000 | half % 10'000 << 32U;
  const std::uint64_t hundreds = two * 10486 >> 20U & 0x0000'007f'0000'007f;
  const std::uint64_t four = hundreds | (two - hundreds * 100) << 16U;
  const std::uint64_t tens = four * 103 >> 10U & 0x000f'000f'000f'000f;
  std::uint64_t digits = (tens | (four - tens * 10) << 8U) + 0x3030'3030'3030'3030;
  if constexpr (std::endian::native == std::endian::big) digits = std::byteswap(digits);
  std::memcpy(to, &digits, kHalfDigits);
}

// Writes the group at `place`, counted from the right, with its zeros in front. The leftmost one
// has half of the digits.
void write_group(std::uint64_t group, SequenceText& text, std::size_t place) {
  char* const end = text.digits.data() + kSequenceDigits - place * kGroupDigits;
  write_half(group % kHalf, end - kHalfDigits);
  if (end - text.digits.data() > static_cast<std::ptrdiff_t>(kHalfDigits)) {
    write_half(group / kHalf, end - kGroupDigits);
  }
}

std::optional<SequenceNumber> parse_version_0(const Wide& value) {
  constexpr std::size_t kDigits = 32;
  SequenceNumber number;
  number.version = 0;
  number.creation_second = static_cast<std::int64_t>(hex_field(value, kDigits, 1, 9));
  number.index = hex_field(value, kDigits, 12, 16);
  number.shard_index = static_cast<std::int64_t>(hex_field(value, kDigits, 28, 4));
  number.second = number.creation_second;
  if (number.index > kEndIndex) return std::nullopt;
  return number;
}

std::optional<SequenceNumber> parse_newer(const Wide& value) {
  SequenceNumber number;
  number.version = static_cast<int>(hex_field(value, kHexDigits, 46, 1));
  number.creation_second = static_cast<std::int64_t>(hex_field(value, kHexDigits, 1, 9));
  const auto shard = static_cast<std::uint32_t>(hex_field(value, kHexDigits, 38, 8));
  number.shard_index = static_cast<std::int32_t>(shard);
  if (number.version == 2) {
    number.index = hex_field(value, kHexDigits, 11, 16);
    number.second = static_cast<std::int64_t>(hex_field(value, kHexDigits, 29, 9));
    if (number.index > kEndIndex) return std::nullopt;
    return number;
  }
  if (number.version == 1) {
    number.second = static_cast<std::int64_t>(hex_field(value, kHexDigits, 13, 9));
    number.index = hex_field(value, kHexDigits, 36, 2);
    return number;
  }
  return std::nullopt;
}

}  // namespace

void SequencePrinter::begin(const SequenceNumber& number) {
  Wide value;
  const auto shard = static_cast<std::uint32_t>(number.shard_index);
  put_hex_field(value, 0, 1, 2);
  put_hex_field(value, 1, 9, static_cast<std::uint64_t>(number.creation_second));
  put_hex_field(value, 10, 1, shard & 15U);
  put_hex_field(value, 11, 16, number.index);
  put_hex_field(value, 29, 9, static_cast<std::uint64_t>(number.second));
  put_hex_field(value, 38, 8, shard);
  put_hex_field(value, 46, 1, 2);
  for (std::size_t i = 0; i < groups_.size(); ++i) {
    groups_[i] = divide(value, kGroup);
    write_group(groups_[i], text_, i);
  }
}

// The index lies 80 bits up: one more is 2^80 more.
void SequencePrinter::add_one_index() {
  std::uint64_t carry = 0;
  for (std::size_t i = 0; i < groups_.size(); ++i) {
    const std::uint64_t sum = groups_[i] + kIndexStep[i] + carry;
    carry = sum >= kGroup ? 1 : 0;
    if (sum == groups_[i]) break;  // Nothing changes from here on.
    groups_[i] = sum - carry * kGroup;
    write_group(groups_[i], text_, i);
  }
}

const SequenceText& SequencePrinter::print(const SequenceNumber& number) {
  SequenceNumber next = last_;
  ++next.index;
  if (number == next) {
    add_one_index();
  } else {
    begin(number);
  }
  last_ = number;
  return text_;
}

std::string to_decimal(const SequenceNumber& number) {
  SequencePrinter printer;
  return std::string(printer.print(number));
}

std::optional<SequenceNumber> parse_sequence_number(std::string_view text) {
  if (text.empty() || text.size() > kDecimalDigitsMax) return std::nullopt;
  Wide value;
  for (const char c : text) {
    if (c < '0' || c > '9') return std::nullopt;
    if (!multiply_add(value, 10, static_cast<std::uint64_t>(c - '0'))) return std::nullopt;
  }
  if (is_less(value, power_of_two(124))) value.words[1] |= std::uint64_t{1} << 60U;

  std::optional<SequenceNumber> number;
  Wide newer_end = power_of_two(185);
  newer_end.words[2] |= std::uint64_t{1} << (184U - 128U);  // 1.5 * 2^185
  if (is_less(value, power_of_two(125))) {
    number = parse_version_0(value);
  } else if (is_less(power_of_two(185), value) && is_less(value, newer_end)) {
    number = parse_newer(value);
  }
  if (number && number->creation_second >= kCreationSecondEnd) return std::nullopt;
  return number;
}

}  // namespace millrace::streams
