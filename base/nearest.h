// The name that somebody who mistyped one may have meant.

#pragma once

#include <span>
#include <string>
#include <string_view>

namespace millrace {

// How many letters have to be added, taken away, changed, or swapped with their neighbour to make
// `to` of `from` (optimal string alignment).
[[nodiscard]] std::size_t edit_distance(std::string_view from, std::string_view to);

// The name nearest to `wrong`. Empty where all differ in more than two letters and more than a
// third of those of `wrong`, or where it has more than a hundred.
[[nodiscard]] std::string nearest(std::string_view wrong, std::span<const std::string> names);

}  // namespace millrace
