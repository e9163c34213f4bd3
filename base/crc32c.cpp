// CRC-32C of base/digest.h: the checksum of stored batches and, through
// storage/rocksdb/rocksdb_crc32c, of RocksDB's log and blocks.
//
// The processor's instruction takes 8 bytes every three cycles if each waits for the one before,
// and 8 bytes every cycle if it does not. So long inputs are taken as three lanes side by side. A
// CRC is linear: the states of the lanes are put together by moving the first ones over as many
// zeros as the lanes behind them have bytes, and adding (exclusive or) up.

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

#include "base/digest.h"

#if defined(__x86_64__)
#include <nmmintrin.h>
#endif

namespace millrace {
namespace {

constexpr std::array<std::uint32_t, 256> kByteTable = [] {
  constexpr std::uint32_t kPolynomial = 0x82f63b78;  // Castagnoli, reflected.
  std::array<std::uint32_t, 256> table{};
  for (std::uint32_t i = 0; i < 256; ++i) {
    std::uint32_t value = i;
    for (int bit = 0; bit < 8; ++bit) value = (value >> 1U) ^ ((value & 1U) != 0 ? kPolynomial : 0);
    table[i] = value;
  }
  return table;
}();

constexpr std::uint32_t with_byte(std::uint32_t state, unsigned char byte) {
  return (state >> 8U) ^ kByteTable[(state ^ byte) & 0xffU];
}

std::uint32_t crc32c_by_table(std::string_view bytes, std::uint32_t state) {
  for (const char c : bytes) state = with_byte(state, static_cast<unsigned char>(c));
  return state;
}

#if defined(__x86_64__)

constexpr std::size_t kLaneBytes = 512;

// What a state becomes over a lane of zeros, for each value of each of its four bytes alone.
constexpr std::array<std::array<std::uint32_t, 256>, 4> kOverLane = [] {
  std::array<std::uint32_t, 32> of_bit{};
  for (std::size_t bit = 0; bit < of_bit.size(); ++bit) {
    std::uint32_t state = std::uint32_t{1} << bit;
    for (std::size_t i = 0; i < kLaneBytes; ++i) state = with_byte(state, 0);
    of_bit[bit] = state;
  }
  std::array<std::array<std::uint32_t, 256>, 4> table{};
  for (std::size_t byte = 0; byte < table.size(); ++byte) {
    for (std::size_t value = 0; value < 256; ++value) {
      for (std::size_t bit = 0; bit < 8; ++bit) {
        if ((value >> bit & 1U) != 0) table[byte][value] ^= of_bit[byte * 8 + bit];
      }
    }
  }
  return table;
}();

std::uint32_t over_lane(std::uint32_t state) {
  return kOverLane[0][state & 0xffU] ^ kOverLane[1][state >> 8U & 0xffU] ^
         kOverLane[2][state >> 16U & 0xffU] ^ kOverLane[3][state >> 24U];
}

std::uint64_t word_at(const char* bytes) {
  std::uint64_t word = 0;
  std::memcpy(&word, bytes, sizeof word);
  return word;
}

__attribute__((target("sse4.2"))) std::uint32_t crc32c_by_instruction(std::string_view bytes,
                                                                      std::uint32_t state) {
  const char* at = bytes.data();
  std::size_t left = bytes.size();
  for (; left >= 3 * kLaneBytes; left -= 3 * kLaneBytes, at += 2 * kLaneBytes) {
    std::uint64_t first = state;
    std::uint64_t second = 0;
    std::uint64_t third = 0;
    for (const char* const end = at + kLaneBytes; at != end; at += 8) {
      first = _mm_crc32_u64(first, word_at(at));
      second = _mm_crc32_u64(second, word_at(at + kLaneBytes));
      third = _mm_crc32_u64(third, word_at(at + 2 * kLaneBytes));
    }
    const auto both = over_lane(static_cast<std::uint32_t>(first)) ^ second;
    state = over_lane(static_cast<std::uint32_t>(both)) ^ static_cast<std::uint32_t>(third);
  }
  std::uint64_t wide = state;
  for (; left >= 8; left -= 8, at += 8) wide = _mm_crc32_u64(wide, word_at(at));
  auto narrow = static_cast<std::uint32_t>(wide);
  for (; left > 0; --left, ++at) narrow = _mm_crc32_u8(narrow, static_cast<unsigned char>(*at));
  return narrow;
}

#endif

}  // namespace

std::uint32_t crc32c(std::string_view bytes, std::uint32_t crc) {
  const std::uint32_t state = ~crc;
#if defined(__x86_64__)
  static const bool has_instruction = __builtin_cpu_supports("sse4.2") != 0;
  if (has_instruction) return ~crc32c_by_instruction(bytes, state);
#endif
  return ~crc32c_by_table(bytes, state);
}

}  // namespace millrace
