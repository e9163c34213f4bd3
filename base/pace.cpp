#include "base/pace.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <optional>

#include "base/time_point.h"

namespace millrace {
namespace {

// No moment is further from another: 10,000 years.
constexpr double kMillisMax = 10'000.0 * 366 * 24 * 3600 * 1000;

std::int64_t to_millis(double millis, double (*round)(double)) {
  return static_cast<std::int64_t>(round(std::clamp(millis, -kMillisMax, kMillisMax)));
}

}  // namespace

// Beyond wall time and kOffsetMax it goes at wall time's pace.
TimePoint time_at(const Pace& pace, WallTime wall) {
  if (pace.is_frozen) return pace.at;
  const std::chrono::milliseconds passed = wall - pace.from;
  if (pace.rate == 1) return pace.at + passed;
  const auto fast = static_cast<double>(passed.count()) * pace.rate;
  const TimePoint time = pace.at + std::chrono::milliseconds(to_millis(fast, std::floor));
  return std::min(time,
                  std::max(TimePoint{wall.time_since_epoch() + kOffsetMax}, pace.at + passed));
}

std::optional<WallTime> wall_time_of(const Pace& pace, TimePoint time) {
  if (pace.is_frozen) return time <= pace.at ? std::optional(pace.from) : std::nullopt;
  const std::chrono::milliseconds left = time - pace.at;
  if (pace.rate == 1) return pace.from + left;
  const auto slow = static_cast<double>(left.count()) / pace.rate;
  const WallTime wall = pace.from + std::chrono::milliseconds(to_millis(slow, std::ceil));
  return std::max(wall, std::min(WallTime{time.time_since_epoch() - kOffsetMax}, pace.from + left));
}

std::optional<TimePoint> offset_max_at(const Pace& pace) {
  if (pace.is_frozen || pace.rate <= 1) return std::nullopt;
  const auto left = static_cast<double>((kOffsetMax - offset_of(pace.at, pace.from)).count());
  const std::chrono::milliseconds passed(
      to_millis(std::max(left, 0.0) / (pace.rate - 1), std::ceil));
  return time_at(pace, pace.from + passed);
}

}  // namespace millrace
