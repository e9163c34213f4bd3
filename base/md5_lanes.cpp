#include "base/md5_lanes.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "base/bytes.h"
#include "base/uint128.h"

namespace millrace {
namespace {

#if defined(__x86_64__)

// One 32-bit word of each text.
using Lanes = std::uint32_t __attribute__((vector_size(4 * kMd5Lanes)));

// The sines of RFC 1321 §3.4.
constexpr std::array<std::uint32_t, 64> kSines = {
    0xd76aa478, 0xe8c7b756, 0x242070db, 0xc1bdceee, 0xf57c0faf, 0x4787c62a, 0xa8304613, 0xfd469501,
    0x698098d8, 0x8b44f7af, 0xffff5bb1, 0x895cd7be, 0x6b901122, 0xfd987193, 0xa679438e, 0x49b40821,
    0xf61e2562, 0xc040b340, 0x265e5a51, 0xe9b6c7aa, 0xd62f105d, 0x02441453, 0xd8a1e681, 0xe7d3fbc8,
    0x21e1cde6, 0xc33707d6, 0xf4d50d87, 0x455a14ed, 0xa9e3e905, 0xfcefa3f8, 0x676f02d9, 0x8d2a4c8a,
    0xfffa3942, 0x8771f681, 0x6d9d6122, 0xfde5380c, 0xa4beea44, 0x4bdecfa9, 0xf6bb4b60, 0xbebfbc70,
    0x289b7ec6, 0xeaa127fa, 0xd4ef3085, 0x04881d05, 0xd9d4d039, 0xe6db99e5, 0x1fa27cf8, 0xc4ac5665,
    0xf4292244, 0x432aff97, 0xab9423a7, 0xfc93a039, 0x655b59c3, 0x8f0ccc92, 0xffeff47d, 0x85845dd1,
    0x6fa87e4f, 0xfe2ce6e0, 0xa3014314, 0x4e0811a1, 0xf7537e82, 0xbd3af235, 0x2ad7d2bb, 0xeb86d391,
};

constexpr std::array<std::array<int, 4>, 4> kShifts = {
    {{7, 12, 17, 22}, {5, 9, 14, 20}, {4, 11, 16, 23}, {6, 10, 15, 21}}};

constexpr std::size_t kWords = 16;

// The 16 words of each text's only block: the text, a bit, zeros, its length in bits.
__attribute__((target("avx2"))) void fill_words(
    const std::array<std::string_view, kMd5Lanes>& texts, std::array<Lanes, kWords>& words) {
  std::array<std::array<std::uint32_t, kWords>, kMd5Lanes> blocks{};
  for (std::size_t lane = 0; lane < kMd5Lanes; ++lane) {
    const std::string_view text = texts[lane];
    auto* const bytes = reinterpret_cast<char*>(blocks[lane].data());
    text.copy(bytes, text.size());
    bytes[text.size()] = static_cast<char>(0x80);
    blocks[lane][kWords - 2] = static_cast<std::uint32_t>(text.size() * 8);
  }
  for (std::size_t word = 0; word < kWords; ++word) {
    for (std::size_t lane = 0; lane < kMd5Lanes; ++lane) words[word][lane] = blocks[lane][word];
  }
}

template <std::size_t kRound>
__attribute__((target("avx2"), always_inline)) inline Lanes mix(const Lanes& b, const Lanes& c,
                                                                const Lanes& d) {
  if constexpr (kRound == 0) return d ^ (b & (c ^ d));
  if constexpr (kRound == 1) return c ^ (d & (b ^ c));
  if constexpr (kRound == 2) return b ^ c ^ d;
  return c ^ (b | ~d);
}

template <std::size_t kRound>
constexpr std::size_t word_of(std::size_t step) {
  constexpr std::array<std::size_t, 4> kFactors = {1, 5, 3, 7};
  constexpr std::array<std::size_t, 4> kStarts = {0, 1, 5, 0};
  return (kFactors[kRound] * step + kStarts[kRound]) % kWords;
}

template <std::size_t kRound>
__attribute__((target("avx2"), always_inline)) inline void do_round(
    const std::array<Lanes, kWords>& words, std::array<Lanes, 4>& state) {
#pragma GCC unroll 16
  for (std::size_t step = 0; step < 16; ++step) {
    const Lanes sum = state[0] + mix<kRound>(state[1], state[2], state[3]) +
                      words[word_of<kRound>(step)] + kSines[16 * kRound + step];
    const int shift = kShifts[kRound][step % 4];
    const Lanes turned = (sum << shift) | (sum >> (32 - shift));
    state = {state[3], state[1] + turned, state[1], state[2]};
  }
}

__attribute__((target("avx2"))) void hash(const std::array<std::string_view, kMd5Lanes>& texts,
                                          std::span<uint128, kMd5Lanes> numbers) {
  constexpr std::array<std::uint32_t, 4> kStart = {0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476};
  std::array<Lanes, kWords> words;
  fill_words(texts, words);
  std::array<Lanes, 4> state{};
  for (std::size_t i = 0; i < state.size(); ++i) state[i] += kStart[i];
  do_round<0>(words, state);
  do_round<1>(words, state);
  do_round<2>(words, state);
  do_round<3>(words, state);
  for (std::size_t i = 0; i < state.size(); ++i) state[i] += kStart[i];
  for (std::size_t lane = 0; lane < kMd5Lanes; ++lane) {
    uint128 number = 0;
    for (const Lanes& word : state)
      number = number << 32U | to_big_endian(std::uint32_t{word[lane]});
    numbers[lane] = number;
  }
}

#endif

}  // namespace

bool md5_short_numbers([[maybe_unused]] const std::array<std::string_view, kMd5Lanes>& texts,
                       [[maybe_unused]] std::span<uint128, kMd5Lanes> numbers) {
#if defined(__x86_64__)
  static const bool has_avx2 = __builtin_cpu_supports("avx2") != 0;
  if (!has_avx2) return false;
  hash(texts, numbers);
  return true;
#else
  return false;
#endif
}

}  // namespace millrace
