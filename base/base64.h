// Base64, standard alphabet with padding (RFC 4648 §4).
//
// Blobs in JSON are base64, so a megabyte a call goes through here: where the processor has AVX2,
// 24 bytes at a time (base64_avx2.cpp), else by table.

#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace millrace {

// The size of the text for so many bytes.
[[nodiscard]] constexpr std::size_t base64_size(std::size_t size_bytes) {
  return (size_bytes + 2) / 3 * 4;
}

[[nodiscard]] std::string to_base64(std::string_view bytes);
void append_base64(std::string& out, std::string_view bytes);

// Decodes strictly: standard alphabet, padded, canonical. Nothing otherwise.
[[nodiscard]] std::optional<std::string> from_base64(std::string_view text);

// The same into `out`, which has room for text.size() / 4 * 3 bytes; returns how many there are.
[[nodiscard]] std::optional<std::size_t> decode_base64(std::string_view text, char* out);

}  // namespace millrace
