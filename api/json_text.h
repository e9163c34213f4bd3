// Where a plain run of a JSON string ends, in reading and in writing.

#pragma once

namespace millrace::api {

// The first quote, backslash or control character of [at, end); `end` if there is none. Tells
// whether all before it is ASCII.
[[nodiscard]] const char* find_json_mark(const char* at, const char* end, bool* is_ascii);

}  // namespace millrace::api
