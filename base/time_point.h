// Moments, of two kinds that the compiler does not let mix.
//
// Wall time is the machine's time of day: what others date by it is compared with it, so signatures
// and certificates take it. Product time is what streams, records and tokens are dated by: it never
// falls, whatever the machine's clock does.

#pragma once

#include <chrono>
#include <cstdint>

namespace millrace {

// Tells product time from wall time.
struct ProductTime {};

// Product time, milliseconds since the Unix epoch.
using TimePoint = std::chrono::time_point<ProductTime, std::chrono::milliseconds>;

// Wall time, milliseconds since the Unix epoch.
using WallTime = std::chrono::time_point<std::chrono::system_clock, std::chrono::milliseconds>;

// Whole seconds since the Unix epoch, as they stand in sequence numbers and ARNs.
constexpr std::int64_t seconds_of(TimePoint time) {
  return std::chrono::floor<std::chrono::seconds>(time).time_since_epoch().count();
}

constexpr std::int64_t seconds_of(WallTime time) {
  return std::chrono::floor<std::chrono::seconds>(time).time_since_epoch().count();
}

constexpr std::int64_t millis_of(TimePoint time) { return time.time_since_epoch().count(); }

constexpr std::int64_t millis_of(WallTime time) { return time.time_since_epoch().count(); }

constexpr TimePoint time_from_millis(std::int64_t millis) {
  return TimePoint{std::chrono::milliseconds{millis}};
}

constexpr WallTime wall_from_millis(std::int64_t millis) {
  return WallTime{std::chrono::milliseconds{millis}};
}

}  // namespace millrace
