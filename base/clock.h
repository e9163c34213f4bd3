// Product time, and whoever waits for a moment of it.

#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
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

// Follows wall time at a pace, and never falls. Where it would, because a floor is raised above it
// or the wall clock is set back, its offset grows: time goes on at its pace and stands only if it
// is frozen. The offset never shrinks by itself: each time the wall clock is set forward and back,
// time is as far ahead of it.
//
// Thread-safe. Somebody calls ring() when it is time to: AlarmThread, or a test. Tokens of alarms
// end before the clock.
class Clock {
 public:
  // `wall` outlives it.
  explicit Clock(const WallClock& wall, const Pace& pace = {});
  Clock(const Clock&) = delete;
  Clock& operator=(const Clock&) = delete;
  ~Clock() = default;

  // The time now. Never earlier than any value returned before.
  [[nodiscard]] TimePoint now() const;

  // Says that times up to `floor` were given in an earlier life of the process: now() goes on from
  // there if it would be earlier.
  void raise_floor(TimePoint floor);

  // Makes the call `wake` once, when it is `time`, however time comes there: at once in this thread
  // if it is already, else in the one that calls ring(). `wake` must not block.
  [[nodiscard]] Alarms::Token wake_at(TimePoint time, std::function<void()> wake) const;

  // How many wait.
  [[nodiscard]] std::size_t alarm_count() const { return alarms_.count(); }

  [[nodiscard]] Pace pace() const;

  // How far it is ahead of wall time.
  [[nodiscard]] std::chrono::milliseconds offset() const { return offset_of(now(), wall_.now()); }

  // Changes the pace, one change at a time. `plan` is given the pace of now, with `at` and `from`
  // of this moment, and returns another one that does not go back; `keep` stores it. Time stands
  // meanwhile. Errors: those of both, and the pace is as before then.
  using Plan = std::function<Result<Pace>(const Pace& now)>;
  using Keep = std::function<Result<void>(const Pace& wanted)>;
  [[nodiscard]] Result<void> change(const Plan& plan, const Keep& keep);

  // Makes the calls that are due.
  void ring() const { alarms_.ring(now()); }

  // When ring() is due next by the wall clock; empty while nothing is.
  [[nodiscard]] std::optional<WallTime> next_ring() const;

  // Calls `listener`, which must not block, when next_ring() may have become another one. Set and
  // taken away while nobody else uses the clock.
  void on_new_ring(std::function<void()> listener) { has_new_ring_ = std::move(listener); }

 private:
  void set(const Pace& pace);
  // Sees to it that the time now is not below `floor_millis`, nor below any time given.
  std::int64_t go_on_from(std::int64_t floor_millis) const;

  const WallClock& wall_;
  mutable Alarms alarms_;
  std::function<void()> has_new_ring_ = [] {};
  std::mutex change_mutex_;   // One change at a time; taken before mutex_.
  mutable std::mutex mutex_;  // Taken where time would fall, or does not go at wall time's pace.
  mutable Pace pace_;
  // The same again for reading without a lock, where time goes at wall time's pace.
  mutable std::atomic<bool> is_at_wall_pace_{true};
  mutable std::atomic<std::int64_t> offset_millis_{0};
  mutable std::atomic<std::int64_t> last_millis_{0};  // The newest time given.
};

}  // namespace millrace
