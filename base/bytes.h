// Bytes and their texts: hex, big-endian integers.

#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

namespace millrace {

// Lower-case hex, two digits a byte.
[[nodiscard]] std::string to_hex(std::string_view bytes);

// Makes `out` longer by `count` bytes, which the caller writes, and returns where they begin.
inline char* extend(std::string& out, std::size_t count) {
  const std::size_t size = out.size();
  // The size is not taken from the argument: g++ 12's library passes the new capacity there.
  out.resize_and_overwrite(size + count, [all = size + count](char*, std::size_t) { return all; });
  return out.data() + size;
}

template <std::unsigned_integral T>
[[nodiscard]] constexpr T to_big_endian(T value) {
  return std::endian::native == std::endian::little ? std::byteswap(value) : value;
}

// Writes sizeof(T) bytes; returns where they end.
template <std::unsigned_integral T>
char* write_big_endian(char* out, T value) {
  const T bytes = to_big_endian(value);
  std::memcpy(out, &bytes, sizeof bytes);
  return out + sizeof bytes;
}

template <std::unsigned_integral T>
void append_big_endian(std::string& out, T value) {
  const T bytes = to_big_endian(value);
  out.append(reinterpret_cast<const char*>(&bytes), sizeof bytes);
}

template <std::size_t kCount>
[[nodiscard]] constexpr std::string_view to_view(const std::array<char, kCount>& bytes) {
  return {bytes.data(), kCount};
}

// Reads the first sizeof(T) bytes; `bytes` has at least as many.
template <std::unsigned_integral T>
[[nodiscard]] T read_big_endian(std::string_view bytes) {
  std::array<char, sizeof(T)> first{};
  std::copy_n(bytes.begin(), first.size(), first.begin());
  return to_big_endian(std::bit_cast<T>(first));
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
  std::string_view take_bytes(std::size_t count) {
    if (!ok_ || rest_.size() < count) {
      refuse();
      return {};
    }
    const std::string_view taken = rest_.substr(0, count);
    rest_.remove_prefix(count);
    return taken;
  }

  // A 32-bit length, then so many bytes.
  std::string_view take_text() { return take_bytes(take<std::uint32_t>()); }

  // As after a read past the end: for a value that cannot be.
  void refuse() {
    ok_ = false;
    rest_ = {};
  }

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
