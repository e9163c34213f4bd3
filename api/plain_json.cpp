#include "api/plain_json.h"

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <string_view>

#include "api/json_text.h"
#include "api/utf8.h"
#include "base/base64.h"

namespace millrace::api {
namespace {

constexpr bool is_digit(char c) { return c >= '0' && c <= '9'; }

}  // namespace

bool PlainJson::begin(char bracket) {
  if (!take(bracket)) return fail();
  is_first_ = true;
  return true;
}

bool PlainJson::next(char closing) {
  if (!ok_) return false;
  const bool is_first = is_first_;
  is_first_ = false;
  if (take(closing)) return false;
  return is_first || take(',') || fail();
}

bool PlainJson::next_key(std::string_view& name) {
  return next('}') && text(name) && (take(':') || fail());
}

bool PlainJson::text(std::string_view& out) {
  if (!take('"')) return fail();
  bool is_ascii = true;
  const char* const end = find_json_mark(at_, end_, &is_ascii);
  if (end == end_ || *end != '"') return fail();
  out = {at_, static_cast<std::size_t>(end - at_)};
  if (!is_ascii && !is_utf8(out)) return fail();
  at_ = end + 1;
  return true;
}

char* PlainJson::space(std::size_t size_bytes) {
  if (!blobs_) blobs_ = std::make_unique_for_overwrite<char[]>(body_bytes_);
  char* const place = blobs_.get() + blob_bytes_;
  blob_bytes_ += size_bytes;
  return place;
}

bool PlainJson::blob(std::string_view& out) {
  if (!take('"')) return fail();
  const auto left = static_cast<std::size_t>(end_ - at_);
  const auto* const end = static_cast<const char*>(std::memchr(at_, '"', left));
  if (end == nullptr) return fail();
  const std::string_view digits(at_, static_cast<std::size_t>(end - at_));
  char* const place = space(digits.size() / 4 * 3);
  const auto size_bytes = decode_base64(digits, place);
  if (!size_bytes) return fail();
  out = {place, *size_bytes};
  at_ = end + 1;
  return true;
}

bool PlainJson::integer(std::int64_t& out) {
  constexpr int kDigitsMax = 18;  // Of what fits in any case.
  skip_blanks();
  const bool is_negative = at_ < end_ && *at_ == '-';
  if (is_negative) ++at_;
  const char* const first = at_;
  std::int64_t value = 0;
  while (at_ < end_ && is_digit(*at_) && at_ - first < kDigitsMax)
    value = value * 10 + (*at_++ - '0');
  const bool has_zero_in_front = at_ - first > 1 && *first == '0';
  const bool goes_on = at_ < end_ && (is_digit(*at_) || *at_ == '.' || *at_ == 'e' || *at_ == 'E');
  if (at_ == first || has_zero_in_front || goes_on) return fail();
  out = is_negative ? -value : value;
  return true;
}

bool PlainJson::boolean(bool& out) {
  skip_blanks();
  const std::string_view rest(at_, static_cast<std::size_t>(end_ - at_));
  for (const std::string_view word : {"true", "false"}) {
    if (!rest.starts_with(word)) continue;
    at_ += word.size();
    out = word.size() == 4;
    return true;
  }
  return fail();
}

bool PlainJson::at_end() {
  skip_blanks();
  return ok_ && at_ == end_;
}

}  // namespace millrace::api
