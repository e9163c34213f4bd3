#include "base/clock.h"

#include <atomic>
#include <chrono>
#include <cstdint>

namespace millrace {
namespace {

// Raises `cell` to `value` if that is higher; returns what it holds afterwards.
std::int64_t raise_to(std::atomic<std::int64_t>& cell, std::int64_t value) {
  std::int64_t seen = cell.load(std::memory_order_relaxed);
  while (seen < value && !cell.compare_exchange_weak(seen, value, std::memory_order_relaxed)) {
  }
  return seen < value ? value : seen;
}

}  // namespace

TimePoint SystemClock::now() const {
  const auto wall = std::chrono::floor<std::chrono::milliseconds>(std::chrono::system_clock::now());
  return time_from_millis(raise_to(last_millis_, millis_of(wall)));
}

void SystemClock::raise_floor(TimePoint floor) { raise_to(last_millis_, millis_of(floor)); }

void ManualClock::raise_floor(TimePoint floor) { raise_to(millis_, millis_of(floor)); }

}  // namespace millrace
