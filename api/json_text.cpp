#include "api/json_text.h"

#include <cstddef>
#include <cstdint>
#include <cstring>

namespace millrace::api {
namespace {

constexpr std::size_t kWordBytes = sizeof(std::uint64_t);
constexpr std::uint64_t kEachByte = 0x0101010101010101;
constexpr std::uint64_t kEachHighBit = 0x8080808080808080;

// Marks the bytes of `word` that are zero, and no other one before the first of them.
constexpr std::uint64_t zeros(std::uint64_t word) {
  return (word - kEachByte) & ~word & kEachHighBit;
}

// The bytes that end a plain string or make it something else: a quote, a backslash, a control
// character. Exact up to the first one.
constexpr std::uint64_t marks(std::uint64_t word) {
  const std::uint64_t quotes = zeros(word ^ kEachByte * '"');
  const std::uint64_t backslashes = zeros(word ^ kEachByte * '\\');
  const std::uint64_t controls = (word - kEachByte * 0x20) & ~word & kEachHighBit;
  return quotes | backslashes | controls;
}

constexpr bool is_mark(char c) {
  return c == '"' || c == '\\' || static_cast<unsigned char>(c) < 0x20;
}

}  // namespace

const char* find_json_mark(const char* at, const char* end, bool* is_ascii) {
  std::uint64_t seen = 0;
  while (static_cast<std::size_t>(end - at) >= kWordBytes) {
    std::uint64_t word = 0;
    std::memcpy(&word, at, kWordBytes);
    if (marks(word) != 0) break;
    seen |= word;
    at += kWordBytes;
  }
  *is_ascii = (seen & kEachHighBit) == 0;
  while (at < end && !is_mark(*at)) {
    *is_ascii = *is_ascii && (static_cast<unsigned char>(*at) & 0x80U) == 0;
    ++at;
  }
  return at;
}

}  // namespace millrace::api
