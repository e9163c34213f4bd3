// What names a stream: its name is unique per account and region.

#pragma once

#include <compare>
#include <string>

namespace millrace::streams {

struct StreamKey {
  std::string account;  // 12 digits.
  std::string region;
  std::string name;

  friend auto operator<=>(const StreamKey&, const StreamKey&) = default;
};

}  // namespace millrace::streams
