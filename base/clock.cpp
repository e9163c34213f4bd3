#include "base/clock.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <mutex>

namespace millrace {
namespace {

// Raises `cell` to `value` if that is higher; returns what it holds afterwards.
std::int64_t raise_to(std::atomic<std::int64_t>& cell, std::int64_t value) {
  std::int64_t seen = cell.load();
  while (seen < value && !cell.compare_exchange_weak(seen, value)) {
  }
  return seen < value ? value : seen;
}

}  // namespace

WallTime SystemWallClock::now() const {
  return std::chrono::floor<std::chrono::milliseconds>(std::chrono::system_clock::now());
}

TimePoint SystemClock::now() const {
  const std::int64_t millis = millis_of(wall_.now()) + offset_millis_.load();
  const std::int64_t newest = raise_to(last_millis_, millis);
  // Later than what was just read: another thread read the wall clock later, or it was set back.
  return time_from_millis(newest == millis ? millis : go_on_from(0));
}

std::int64_t SystemClock::go_on_from(std::int64_t floor_millis) const {
  const std::lock_guard lock(mutex_);
  // In this order: what the wall clock shows now is not earlier than what any thread has read
  // before, unless it was set back.
  const std::int64_t floor = std::max(floor_millis, last_millis_.load());
  const std::int64_t millis = millis_of(wall_.now()) + offset_millis_.load();
  if (millis < floor) offset_millis_ += floor - millis;
  return raise_to(last_millis_, std::max(millis, floor));
}

void SystemClock::raise_floor(TimePoint floor) { go_on_from(millis_of(floor)); }

void ManualClock::raise_floor(TimePoint floor) { raise_to(millis_, millis_of(floor)); }

}  // namespace millrace
