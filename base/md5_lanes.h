// MD5 of many short texts at once, eight side by side where the processor has AVX2.
//
// A PutRecords hashes up to 500 partition keys, and one MD5 is a chain of 64 dependent steps that
// leaves most of the processor idle. Source of the algorithm: RFC 1321.

#pragma once

#include <array>
#include <cstddef>
#include <span>
#include <string_view>

#include "base/uint128.h"

namespace millrace {

inline constexpr std::size_t kMd5Lanes = 8;

// The longest text whose padding leaves it in one block.
inline constexpr std::size_t kMd5ShortMax = 55;

// Hashes `texts`, none of them longer than kMd5ShortMax, as md5_number() does. False on processors
// that cannot; nothing has happened then.
bool md5_short_numbers(const std::array<std::string_view, kMd5Lanes>& texts,
                       std::span<uint128, kMd5Lanes> numbers);

}  // namespace millrace
