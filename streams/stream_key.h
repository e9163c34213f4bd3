// What names a stream: its name is unique per account and region.

#pragma once

#include <algorithm>
#include <compare>
#include <cstddef>
#include <string>
#include <string_view>

namespace millrace::streams {

// Longer than any region there is.
inline constexpr std::size_t kRegionLengthMax = 64;

// Whether `text` can be the name of a region, which need not exist.
[[nodiscard]] constexpr bool is_region(std::string_view text) {
  return !text.empty() && text.size() <= kRegionLengthMax && std::ranges::all_of(text, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
  });
}

struct StreamKey {
  std::string account;  // 12 digits.
  std::string region;
  std::string name;

  friend auto operator<=>(const StreamKey&, const StreamKey&) = default;
};

}  // namespace millrace::streams
