#include "base/base64_avx2.h"

#include <cstddef>
#include <cstring>
#include <string_view>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace millrace {
namespace {

#if defined(__x86_64__)

// A table of 16 for each half of a vector, which is how a shuffle looks things up.
__attribute__((target("avx2"))) __m256i twice(__m128i table) {
  return _mm256_broadcastsi128_si256(table);
}

__attribute__((target("avx2"))) __m128i load16(const char* from) {
  __m128i bytes;
  std::memcpy(&bytes, from, sizeof bytes);
  return bytes;
}

// Three bytes become four digits of six bits, one in each byte. Each half takes 12 bytes.
__attribute__((target("avx2"))) __m256i split_into_digits(const char* bytes) {
  const __m256i both =
      _mm256_inserti128_si256(_mm256_castsi128_si256(load16(bytes)), load16(bytes + 12), 1);
  // Bytes a b c of a group lie as b a c b, so that each 16 bits hold two digits.
  const __m256i groups = _mm256_shuffle_epi8(
      both, twice(_mm_setr_epi8(1, 0, 2, 1, 4, 3, 5, 4, 7, 6, 8, 7, 10, 9, 11, 10)));
  const __m256i first_and_third = _mm256_mulhi_epu16(
      _mm256_and_si256(groups, _mm256_set1_epi32(0x0fc0fc00)), _mm256_set1_epi32(0x04000040));
  const __m256i second_and_fourth = _mm256_mullo_epi16(
      _mm256_and_si256(groups, _mm256_set1_epi32(0x003f03f0)), _mm256_set1_epi32(0x01000010));
  return _mm256_or_si256(first_and_third, second_and_fourth);
}

// What is added to a digit depends on which of five runs of the alphabet it belongs to.
__attribute__((target("avx2"))) __m256i to_characters(__m256i digits) {
  // 0 for a..z, 1..10 for the decimal digits, 11 and 12 for + and /; A..Z is told apart by 13.
  const __m256i behind_letters = _mm256_subs_epu8(digits, _mm256_set1_epi8(51));
  const __m256i is_capital = _mm256_cmpgt_epi8(_mm256_set1_epi8(26), digits);
  const __m256i run =
      _mm256_or_si256(behind_letters, _mm256_and_si256(is_capital, _mm256_set1_epi8(13)));
  const __m256i offsets = _mm256_shuffle_epi8(
      twice(_mm_setr_epi8('a' - 26, '0' - 52, '0' - 52, '0' - 52, '0' - 52, '0' - 52, '0' - 52,
                          '0' - 52, '0' - 52, '0' - 52, '0' - 52, '+' - 62, '/' - 63, 'A', 0, 0)),
      run);
  return _mm256_add_epi8(digits, offsets);
}

__attribute__((target("avx2"))) std::size_t encode_bulk(std::string_view bytes, char* out) {
  std::size_t done = 0;
  // 28 bytes are loaded for 24.
  while (bytes.size() - done >= 28) {
    const __m256i text = to_characters(split_into_digits(bytes.data() + done));
    std::memcpy(out, &text, sizeof text);
    done += 24;
    out += 32;
  }
  return done;
}

// Digits of six bits, or, in a byte with its highest bit set, a sign that there was none.
__attribute__((target("avx2"))) __m256i to_digits(__m256i text, bool* is_valid) {
  const __m256i high = _mm256_and_si256(_mm256_srli_epi32(text, 4), _mm256_set1_epi8(0x0f));
  const __m256i low = _mm256_and_si256(text, _mm256_set1_epi8(0x0f));
  // A character is a digit if the sets of its two halves have nothing in common: each bit stands
  // for a group of high halves, and a low half names the groups in which it means nothing.
  const __m256i groups_of_high =
      twice(_mm_setr_epi8(0x10, 0x10, 0x01, 0x02, 0x04, 0x08, 0x04, 0x08, 0x10, 0x10, 0x10, 0x10,
                          0x10, 0x10, 0x10, 0x10));
  const __m256i refused_by_low =
      twice(_mm_setr_epi8(0x15, 0x11, 0x11, 0x11, 0x11, 0x11, 0x11, 0x11, 0x11, 0x11, 0x13, 0x1a,
                          0x1b, 0x1b, 0x1b, 0x1a));
  const __m256i common = _mm256_and_si256(_mm256_shuffle_epi8(groups_of_high, high),
                                          _mm256_shuffle_epi8(refused_by_low, low));
  *is_valid = _mm256_testz_si256(common, common) != 0;
  // The high half tells the offset; only '/' shares its own with '+' and has another.
  const __m256i is_slash = _mm256_cmpeq_epi8(text, _mm256_set1_epi8('/'));
  const __m256i offsets =
      _mm256_shuffle_epi8(twice(_mm_setr_epi8(0, 63 - '/', 62 - '+', 52 - '0', -'A', -'A', 26 - 'a',
                                              26 - 'a', 0, 0, 0, 0, 0, 0, 0, 0)),
                          _mm256_add_epi8(is_slash, high));
  return _mm256_add_epi8(text, offsets);
}

// Four digits become three bytes; 24 of the 32 are of use, in front.
__attribute__((target("avx2"))) __m256i join_digits(__m256i digits) {
  const __m256i pairs = _mm256_maddubs_epi16(digits, _mm256_set1_epi32(0x01400140));
  const __m256i groups = _mm256_madd_epi16(pairs, _mm256_set1_epi32(0x00011000));
  const __m256i bytes = _mm256_shuffle_epi8(
      groups, twice(_mm_setr_epi8(2, 1, 0, 6, 5, 4, 10, 9, 8, 14, 13, 12, -1, -1, -1, -1)));
  return _mm256_permutevar8x32_epi32(bytes, _mm256_setr_epi32(0, 1, 2, 4, 5, 6, 3, 7));
}

__attribute__((target("avx2"))) std::size_t decode_bulk(std::string_view text, char* out) {
  std::size_t done = 0;
  // 32 bytes are stored for 24, and there is room for those of what follows: 44 characters at
  // least, of which two may be padding.
  while (text.size() - done >= 48) {
    __m256i characters;
    std::memcpy(&characters, text.data() + done, sizeof characters);
    bool is_valid = false;
    const __m256i digits = to_digits(characters, &is_valid);
    if (!is_valid) break;
    const __m256i bytes = join_digits(digits);
    std::memcpy(out, &bytes, sizeof bytes);
    done += 32;
    out += 24;
  }
  return done;
}

bool has_avx2() {
  static const bool has = __builtin_cpu_supports("avx2") != 0;
  return has;
}

#endif

}  // namespace

std::size_t encode_base64_avx2([[maybe_unused]] std::string_view bytes,
                               [[maybe_unused]] char* out) {
#if defined(__x86_64__)
  if (has_avx2()) return encode_bulk(bytes, out);
#endif
  return 0;
}

std::size_t decode_base64_avx2([[maybe_unused]] std::string_view text, [[maybe_unused]] char* out) {
#if defined(__x86_64__)
  if (has_avx2()) return decode_bulk(text, out);
#endif
  return 0;
}

}  // namespace millrace
