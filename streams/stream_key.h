// What names a stream: its name is unique per account and region.

#pragma once

#include <compare>
#include <string>

#include "base/scope.h"

namespace millrace::streams {

struct StreamKey {
  Scope scope;
  std::string name;

  friend auto operator<=>(const StreamKey&, const StreamKey&) = default;
};

}  // namespace millrace::streams
