// Plain runs of JSON strings, which take no escape, in reading and in writing.

#pragma once

#include <string_view>

namespace millrace::api {

// Writes `text`, in which nothing is to be escaped, between quotes; returns where that ends. It
// takes two bytes more than the text.
inline char* write_quoted(char* to, std::string_view text) {
  *to++ = '"';
  to += text.copy(to, text.size());
  *to++ = '"';
  return to;
}

// The first quote, backslash or control character of [at, end); `end` if there is none. Tells
// whether all before it is ASCII.
[[nodiscard]] const char* find_json_mark(const char* at, const char* end, bool* is_ascii);

}  // namespace millrace::api
