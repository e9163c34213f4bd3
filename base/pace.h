// How product time follows wall time: with an offset, faster or slower, or not at all.

#pragma once

#include <chrono>
#include <optional>

#include "base/time_point.h"

namespace millrace {

// How far product time may be ahead of wall time; from there on it goes at wall time's pace.
inline constexpr std::chrono::milliseconds kOffsetMax = std::chrono::hours(24) * 36'525;

// It was `at` when wall time was `from`, and has passed `rate` times as fast since.
struct Pace {
  WallTime from{};
  TimePoint at{};
  double rate = 1;  // More than 0.
  bool is_frozen = false;

  friend bool operator==(const Pace&, const Pace&) = default;
};

// Product time at a moment of wall time; earlier than `at` before `from`.
[[nodiscard]] TimePoint time_at(const Pace& pace, WallTime wall);

// The first moment of wall time at which it is `time` or later; empty if it stands before that.
[[nodiscard]] std::optional<WallTime> wall_time_of(const Pace& pace, TimePoint time);

// The moment at which it is kOffsetMax ahead of wall time; empty if it goes no faster.
[[nodiscard]] std::optional<TimePoint> offset_max_at(const Pace& pace);

// How far product time is ahead of wall time; less than nothing if it is behind.
[[nodiscard]] constexpr std::chrono::milliseconds offset_of(TimePoint time, WallTime wall) {
  return time.time_since_epoch() - wall.time_since_epoch();
}

}  // namespace millrace
