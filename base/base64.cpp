#include "base/base64.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/base64_avx2.h"
#include "base/bytes.h"

namespace millrace {
namespace {

constexpr std::string_view kAlphabet =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr std::uint8_t kNotBase64 = 0xff;

constexpr std::array<std::uint8_t, 256> kDecode = [] {
  std::array<std::uint8_t, 256> table{};
  table.fill(kNotBase64);
  for (std::size_t i = 0; i < kAlphabet.size(); ++i) {
    table[static_cast<unsigned char>(kAlphabet[i])] = static_cast<std::uint8_t>(i);
  }
  return table;
}();

std::uint32_t byte_at(std::string_view bytes, std::size_t index) {
  return static_cast<unsigned char>(bytes[index]);
}

void encode(std::string_view bytes, char* to) {
  const std::size_t done = encode_base64_avx2(bytes, to);
  bytes.remove_prefix(done);
  to += base64_size(done);
  std::size_t i = 0;
  for (; i + 3 <= bytes.size(); i += 3) {
    const std::uint32_t group =
        byte_at(bytes, i) << 16U | byte_at(bytes, i + 1) << 8U | byte_at(bytes, i + 2);
    *to++ = kAlphabet[group >> 18U];
    *to++ = kAlphabet[group >> 12U & 63U];
    *to++ = kAlphabet[group >> 6U & 63U];
    *to++ = kAlphabet[group & 63U];
  }
  const std::size_t left = bytes.size() - i;
  if (left == 0) return;
  const std::uint32_t group =
      byte_at(bytes, i) << 16U | (left == 2 ? byte_at(bytes, i + 1) << 8U : 0U);
  *to++ = kAlphabet[group >> 18U];
  *to++ = kAlphabet[group >> 12U & 63U];
  *to++ = left == 2 ? kAlphabet[group >> 6U & 63U] : '=';
  *to = '=';
}

}  // namespace

void append_base64(std::string& out, std::string_view bytes) {
  encode(bytes, extend(out, base64_size(bytes.size())));
}

std::string to_base64(std::string_view bytes) {
  std::string out;
  append_base64(out, bytes);
  return out;
}

std::optional<std::size_t> decode_base64(std::string_view text, char* out) {
  if (text.size() % 4 != 0) return std::nullopt;
  if (text.empty()) return 0;
  const std::size_t padding = text.ends_with("==") ? 2 : text.ends_with('=') ? 1 : 0;
  const std::size_t size_bytes = text.size() / 4 * 3 - padding;
  const std::size_t done = decode_base64_avx2(text, out);
  text.remove_prefix(done);
  out += done / 4 * 3;

  const std::size_t full = (text.size() - (padding != 0 ? 4 : 0)) / 4;
  std::uint32_t bad = 0;
  for (std::size_t i = 0; i < full; ++i) {
    const std::uint32_t a = kDecode[byte_at(text, 4 * i)];
    const std::uint32_t b = kDecode[byte_at(text, 4 * i + 1)];
    const std::uint32_t c = kDecode[byte_at(text, 4 * i + 2)];
    const std::uint32_t d = kDecode[byte_at(text, 4 * i + 3)];
    bad |= a | b | c | d;
    const std::uint32_t group = a << 18U | b << 12U | c << 6U | d;
    *out++ = static_cast<char>(group >> 16U);
    *out++ = static_cast<char>(group >> 8U & 0xffU);
    *out++ = static_cast<char>(group & 0xffU);
  }
  if (padding != 0) {
    const std::uint32_t a = kDecode[byte_at(text, 4 * full)];
    const std::uint32_t b = kDecode[byte_at(text, 4 * full + 1)];
    const std::uint32_t c = padding == 1 ? kDecode[byte_at(text, 4 * full + 2)] : 0U;
    bad |= a | b | c;
    const bool is_canonical = padding == 1 ? (c & 3U) == 0 : (b & 15U) == 0;
    if (!is_canonical) return std::nullopt;
    *out++ = static_cast<char>((a << 2U | b >> 4U) & 0xffU);
    if (padding == 1) *out = static_cast<char>((b << 4U | c >> 2U) & 0xffU);
  }
  // A valid digit is below 64; the mark of an invalid one has its highest bit set.
  if ((bad & 0x80U) != 0) return std::nullopt;
  return size_bytes;
}

std::optional<std::string> from_base64(std::string_view text) {
  std::string out(text.size() / 4 * 3, '\0');
  const auto size_bytes = decode_base64(text, out.data());
  if (!size_bytes) return std::nullopt;
  out.resize(*size_bytes);
  return out;
}

}  // namespace millrace
