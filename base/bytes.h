// Bytes and their texts: base64, hex, big-endian integers.

#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace millrace {

// Standard alphabet, padded (RFC 4648 §4).
[[nodiscard]] std::string to_base64(std::string_view bytes);
void append_base64(std::string& out, std::string_view bytes);

// Decodes strictly: standard alphabet, padded, canonical. Nothing otherwise.
[[nodiscard]] std::optional<std::string> from_base64(std::string_view text);

// Lower-case hex, two digits a byte.
[[nodiscard]] std::string to_hex(std::string_view bytes);

template <std::unsigned_integral T>
void append_big_endian(std::string& out, T value) {
  for (std::size_t i = sizeof(T); i-- > 0;) {
    out.push_back(static_cast<char>(static_cast<unsigned char>(value >> (8 * i))));
  }
}

// Reads the first sizeof(T) bytes; `bytes` has at least as many.
template <std::unsigned_integral T>
[[nodiscard]] T read_big_endian(std::string_view bytes) {
  T value = 0;
  for (std::size_t i = 0; i < sizeof(T); ++i) {
    value = static_cast<T>((value << 8U) | static_cast<unsigned char>(bytes[i]));
  }
  return value;
}

// Takes values off the front of a byte string. After the first read past the end `ok()` is false
// and every further read gives zero or nothing.
class ByteReader {
 public:
  explicit ByteReader(std::string_view bytes) : rest_(bytes) {}

  template <std::unsigned_integral T>
  T take() {
    const std::string_view bytes = take_bytes(sizeof(T));
    return bytes.size() == sizeof(T) ? read_big_endian<T>(bytes) : T{0};
  }
  std::string_view take_bytes(std::size_t count);

  // A 32-bit length, then so many bytes.
  std::string_view take_text() { return take_bytes(take<std::uint32_t>()); }

  [[nodiscard]] bool ok() const { return ok_; }
  [[nodiscard]] bool at_end() const { return rest_.empty(); }
  [[nodiscard]] std::string_view rest() const { return rest_; }

 private:
  std::string_view rest_;
  bool ok_ = true;
};

// The counterpart of ByteReader::take_text.
inline void append_text(std::string& out, std::string_view text) {
  append_big_endian(out, static_cast<std::uint32_t>(text.size()));
  out.append(text);
}

}  // namespace millrace
