#include "base/clock.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>
#include <utility>

#include "base/alarms.h"
#include "base/error.h"
#include "base/pace.h"
#include "base/time_point.h"
#include "base/wall_clock.h"

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

Clock::Clock(const WallClock& wall, const Pace& pace) : wall_(wall) { set(pace); }

TimePoint Clock::now() const {
  std::int64_t millis = 0;
  if (is_at_wall_pace_.load()) {
    millis = millis_of(wall_.now()) + offset_millis_.load();
  } else {
    const std::lock_guard lock(mutex_);
    millis = millis_of(time_at(pace_, wall_.now()));
  }
  const std::int64_t newest = raise_to(last_millis_, millis);
  // Later than what was just read: another thread read the wall clock later, or it was set back.
  return time_from_millis(newest == millis ? millis : go_on_from(0));
}

std::int64_t Clock::go_on_from(std::int64_t floor_millis) const {
  const std::lock_guard lock(mutex_);
  // In this order: what the wall clock shows now is not earlier than what any thread has read
  // before, unless it was set back.
  const std::int64_t floor = std::max(floor_millis, last_millis_.load());
  const std::int64_t millis = millis_of(time_at(pace_, wall_.now()));
  if (millis < floor) {
    pace_.at += std::chrono::milliseconds(floor - millis);
    offset_millis_ += floor - millis;
  }
  return raise_to(last_millis_, std::max(millis, floor));
}

void Clock::raise_floor(TimePoint floor) {
  go_on_from(millis_of(floor));
  has_new_ring_();
}

Pace Clock::pace() const {
  const std::lock_guard lock(mutex_);
  return pace_;
}

void Clock::set(const Pace& pace) {
  {
    const std::lock_guard lock(mutex_);
    pace_ = pace;
    offset_millis_ = offset_of(pace.at, pace.from).count();
    is_at_wall_pace_ = pace.rate == 1 && !pace.is_frozen;
  }
  has_new_ring_();
}

Result<void> Clock::change(const Plan& plan, const Keep& keep) {
  const std::lock_guard changing(change_mutex_);
  const Pace before = pace();
  const WallTime wall = wall_.now();
  Pace standing{wall, time_at(before, wall), before.rate, true};
  set(standing);
  standing.at = now();  // Some threads may have been given a later time.
  standing.is_frozen = before.is_frozen;
  const auto wanted = plan(standing);
  const auto kept = wanted ? keep(*wanted) : std::unexpected(wanted.error());
  set(kept ? *wanted : before);
  return kept;
}

Alarms::Token Clock::wake_at(TimePoint time, std::function<void()> wake) const {
  Alarms::Token token = alarms_.add(time, std::move(wake));
  if (const TimePoint present = now(); time <= present) {
    alarms_.ring(present);
  } else if (alarms_.next() == time) {
    has_new_ring_();
  }
  return token;
}

std::optional<WallTime> Clock::next_ring() const {
  const auto next = alarms_.next();
  return next ? wall_time_of(pace(), *next) : std::nullopt;
}

}  // namespace millrace
