#include "api/plain_cbor.h"

#include <cstddef>
#include <cstdint>
#include <limits>
#include <string_view>

#include "api/cbor_head.h"
#include "api/utf8.h"
#include "base/bytes.h"

namespace millrace::api {
namespace {

constexpr unsigned char kFalse = 0xf4;
constexpr unsigned char kTrue = 0xf5;

// What the next byte is; a break, which begins no item, if there is none.
unsigned char peek(const ByteReader& reader) {
  return reader.at_end() ? kBreak : static_cast<unsigned char>(reader.rest()[0]);
}

}  // namespace

bool PlainCbor::take_head(unsigned major, std::uint64_t& argument) {
  CborHead head;
  if (!read_cbor_head(reader_, head) || head.major != major) return fail();
  const bool is_indefinite = head.info == kIndefinite;
  argument = is_indefinite ? kUntilBreak : head.argument;
  return is_indefinite || argument != kUntilBreak || fail();
}

bool PlainCbor::begin(unsigned major) {
  std::uint64_t count = 0;
  if (open_ == kOpenMax || !take_head(major, count)) return fail();
  if (count != kUntilBreak && count > reader_.rest().size()) return fail();
  left_[open_++] = count;
  return true;
}

bool PlainCbor::begin_map() { return begin(kMap); }
bool PlainCbor::begin_list() { return begin(kArray); }

bool PlainCbor::next() {
  if (!ok_ || open_ == 0) return false;
  std::uint64_t& left = left_[open_ - 1];
  const bool is_over = left == kUntilBreak ? peek(reader_) == kBreak : left == 0;
  if (!is_over) {
    if (left != kUntilBreak) --left;
    return true;
  }
  if (left == kUntilBreak && reader_.take_bytes(1).empty()) return fail();
  --open_;
  return false;
}

// One that is no UTF-8 is no name of a member either.
bool PlainCbor::next_key(std::string_view& name) { return next() && string(kText, name); }

bool PlainCbor::string(unsigned major, std::string_view& out) {
  std::uint64_t size = 0;
  if (!take_head(major, size) || size > reader_.rest().size()) return fail();
  out = reader_.take_bytes(static_cast<std::size_t>(size));
  return true;
}

bool PlainCbor::text(std::string_view& out) {
  return string(kText, out) && (is_utf8(out) || fail());
}

bool PlainCbor::blob(std::string_view& out) { return string(kByteString, out); }

bool PlainCbor::integer(std::int64_t& out) {
  constexpr auto kMax = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
  const bool is_negative = peek(reader_) >> 5U == kNegative;
  std::uint64_t argument = 0;
  if (!take_head(is_negative ? kNegative : kUnsigned, argument) || argument > kMax) return fail();
  const auto number = static_cast<std::int64_t>(argument);
  out = is_negative ? -1 - number : number;
  return true;
}

bool PlainCbor::boolean(bool& out) {
  const unsigned char word = peek(reader_);
  if (word != kFalse && word != kTrue) return fail();
  reader_.take_bytes(1);
  out = word == kTrue;
  return true;
}

}  // namespace millrace::api
