// Unsigned 128-bit integers: hash keys and their decimal text.

#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace millrace {

__extension__ using uint128 = unsigned __int128;

inline constexpr uint128 kUint128Max = ~uint128{0};

// The decimal text, without leading zeros.
[[nodiscard]] std::string to_decimal(uint128 value);

// Reads decimal digits. Nothing if the text is empty, has another character or exceeds 2^128-1.
[[nodiscard]] std::optional<uint128> parse_uint128(std::string_view text);

}  // namespace millrace
