// A product clock for tests: moves only when told to.

#pragma once

#include <chrono>

#include "base/clock.h"
#include "base/time_point.h"
#include "base/wall_clock.h"

namespace millrace {

struct ManualClockWall {
  ManualWallClock own_wall;
};

// Has a wall clock of its own. Alarms that come due ring in the thread that moves it.
class ManualClock : private ManualClockWall, public Clock {
 public:
  explicit ManualClock(TimePoint start)
      : ManualClockWall{ManualWallClock(WallTime(start.time_since_epoch()))}, Clock(own_wall) {}

  void advance(std::chrono::milliseconds step) {
    own_wall.advance(step);
    ring();
  }
};

}  // namespace millrace
