// Text as the service measures it.

#pragma once

#include <cstddef>
#include <string_view>

namespace millrace::api {

// Whether `text` is well-formed UTF-8 (RFC 3629: no surrogates, no overlong forms).
[[nodiscard]] bool is_utf8(std::string_view text);

// The length in UTF-16 code units, in which the service counts characters. `text` is valid UTF-8.
[[nodiscard]] std::size_t utf16_length(std::string_view text);

}  // namespace millrace::api
