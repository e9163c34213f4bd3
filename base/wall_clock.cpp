#include "base/wall_clock.h"

#include <chrono>

#include "base/time_point.h"

namespace millrace {

WallTime SystemWallClock::now() const {
  return std::chrono::floor<std::chrono::milliseconds>(std::chrono::system_clock::now());
}

}  // namespace millrace
