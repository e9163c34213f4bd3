// Where a resource is: its account and region.

#pragma once

#include <algorithm>
#include <compare>
#include <cstddef>
#include <string>
#include <string_view>

namespace millrace {

inline constexpr std::size_t kAccountDigits = 12;

// Longer than any region there is.
inline constexpr std::size_t kRegionLengthMax = 64;

// Whether `text` can be the id of an account: 12 digits.
[[nodiscard]] constexpr bool is_account(std::string_view text) {
  return text.size() == kAccountDigits &&
         std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
}

// Whether `text` can be the name of a region, which need not exist.
[[nodiscard]] constexpr bool is_region(std::string_view text) {
  return !text.empty() && text.size() <= kRegionLengthMax && std::ranges::all_of(text, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
  });
}

// The partition of a region: `aws` for unknown ones.
[[nodiscard]] std::string_view partition_of(std::string_view region);

struct Scope {
  std::string account;  // 12 digits.
  std::string region;

  friend auto operator<=>(const Scope&, const Scope&) = default;
};

}  // namespace millrace
