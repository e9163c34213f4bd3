#include "base/bytes.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

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

}  // namespace

void append_base64(std::string& out, std::string_view bytes) {
  const std::size_t start = out.size();
  out.resize(start + (bytes.size() + 2) / 3 * 4);
  char* to = out.data() + start;
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

std::string to_base64(std::string_view bytes) {
  std::string out;
  append_base64(out, bytes);
  return out;
}

std::optional<std::string> from_base64(std::string_view text) {
  if (text.size() % 4 != 0) return std::nullopt;
  if (text.empty()) return std::string{};
  const std::size_t padding = text.ends_with("==") ? 2 : text.ends_with('=') ? 1 : 0;
  const std::size_t full = (text.size() - (padding != 0 ? 4 : 0)) / 4;

  std::string out(text.size() / 4 * 3 - padding, '\0');
  char* to = out.data();
  std::uint32_t bad = 0;
  for (std::size_t i = 0; i < full; ++i) {
    const std::uint32_t a = kDecode[byte_at(text, 4 * i)];
    const std::uint32_t b = kDecode[byte_at(text, 4 * i + 1)];
    const std::uint32_t c = kDecode[byte_at(text, 4 * i + 2)];
    const std::uint32_t d = kDecode[byte_at(text, 4 * i + 3)];
    bad |= a | b | c | d;
    const std::uint32_t group = a << 18U | b << 12U | c << 6U | d;
    *to++ = static_cast<char>(group >> 16U);
    *to++ = static_cast<char>(group >> 8U & 0xffU);
    *to++ = static_cast<char>(group & 0xffU);
  }
  if (padding != 0) {
    const std::uint32_t a = kDecode[byte_at(text, 4 * full)];
    const std::uint32_t b = kDecode[byte_at(text, 4 * full + 1)];
    const std::uint32_t c = padding == 1 ? kDecode[byte_at(text, 4 * full + 2)] : 0U;
    bad |= a | b | c;
    const bool is_canonical = padding == 1 ? (c & 3U) == 0 : (b & 15U) == 0;
    if (!is_canonical) return std::nullopt;
    *to++ = static_cast<char>((a << 2U | b >> 4U) & 0xffU);
    if (padding == 1) *to = static_cast<char>((b << 4U | c >> 2U) & 0xffU);
  }
  // A valid digit is below 64; the mark of an invalid one has its highest bit set.
  if ((bad & 0x80U) != 0) return std::nullopt;
  return out;
}

std::string to_hex(std::string_view bytes) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string out;
  out.reserve(bytes.size() * 2);
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    out.push_back(kDigits[byte >> 4U]);
    out.push_back(kDigits[byte & 15U]);
  }
  return out;
}

std::string_view ByteReader::take_bytes(std::size_t count) {
  if (!ok_ || rest_.size() < count) {
    ok_ = false;
    rest_ = {};
    return {};
  }
  const std::string_view taken = rest_.substr(0, count);
  rest_.remove_prefix(count);
  return taken;
}

}  // namespace millrace
