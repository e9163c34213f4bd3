#include "base/nearest.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace millrace {
namespace {

constexpr std::size_t kLettersMax = 100;  // Of a name that is compared.

}  // namespace

std::size_t edit_distance(std::string_view from, std::string_view to) {
  // The rows of the table for the prefixes of `from` of lengths i - 2, i - 1 and i.
  std::array<std::vector<std::size_t>, 3> rows;
  rows.fill(std::vector<std::size_t>(to.size() + 1));
  for (std::size_t j = 0; j <= to.size(); ++j) rows[0][j] = j;
  for (std::size_t i = 1; i <= from.size(); ++i) {
    auto& row = rows[i % 3];
    const auto& before = rows[(i + 2) % 3];
    row[0] = i;
    for (std::size_t j = 1; j <= to.size(); ++j) {
      const std::size_t changed = from[i - 1] == to[j - 1] ? 0 : 1;
      row[j] = std::min({before[j] + 1, row[j - 1] + 1, before[j - 1] + changed});
      const bool is_swapped =
          i > 1 && j > 1 && from[i - 1] == to[j - 2] && from[i - 2] == to[j - 1];
      if (is_swapped) row[j] = std::min(row[j], rows[(i + 1) % 3][j - 2] + 1);
    }
  }
  return rows[from.size() % 3][to.size()];
}

std::string nearest(std::string_view wrong, std::span<const std::string> names) {
  if (wrong.size() > kLettersMax) return {};
  std::string best;
  std::size_t least = std::max<std::size_t>(2, (wrong.size() + 2) / 3) + 1;
  for (const std::string& name : names) {
    const std::size_t distance = edit_distance(wrong, name);
    if (distance >= least) continue;
    least = distance;
    best = name;
  }
  return best;
}

}  // namespace millrace
