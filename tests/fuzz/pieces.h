// An input cut as a network may cut it: anywhere, but always the same way for the same input.

#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <random>
#include <string_view>
#include <vector>

namespace millrace::fuzz {

// Either many pieces, most of them a few bytes long, or two that are cut beside the end of a line.
inline std::vector<std::string_view> cut(std::string_view input) {
  constexpr std::size_t kPiecesMax = 64;
  std::minstd_rand random(static_cast<std::uint32_t>(std::hash<std::string_view>{}(input)));
  std::vector<std::string_view> pieces;
  const auto take = [&](std::size_t size) {
    pieces.push_back(input.substr(0, size));
    input.remove_prefix(std::min(size, input.size()));
  };
  const auto line_ends = std::ranges::count(input, '\n');
  if (line_ends > 0 && random() % 2 == 0) {
    std::size_t end = 0;
    for (auto skipped = random() % static_cast<std::size_t>(line_ends) + 1; skipped > 0;
         --skipped) {
      end = input.find('\n', end) + 1;
    }
    const std::size_t back = random() % 3;
    if (end > back) take(end - back);
  } else {
    while (!input.empty() && pieces.size() + 1 < kPiecesMax) {
      const std::size_t longest = random() % 4 == 0 ? 512 : 8;
      take(1 + random() % longest);
    }
  }
  if (!input.empty()) take(input.size());
  return pieces;
}

}  // namespace millrace::fuzz
