// The bulk of a long base64 text or byte string, where the processor has AVX2; base64.cpp does the
// rest. Both return how much they have taken, which is nothing on other processors.

#pragma once

#include <cstddef>
#include <string_view>

namespace millrace {

// Encodes a multiple of 24 bytes from the front of `bytes`; `out` has room for the text of all.
std::size_t encode_base64_avx2(std::string_view bytes, char* out);

// Decodes a multiple of 32 characters from the front of `text` into `out`, which has room for
// text.size() / 4 * 3 bytes. Stops before the first 32 that hold something else than digits.
std::size_t decode_base64_avx2(std::string_view text, char* out);

}  // namespace millrace
