// Where all time comes from.
//
// Two kinds, which the compiler does not let mix. Wall time is the machine's time of day: what
// others date by it is compared with it, so signatures and certificates take it. Product time is
// what streams, records and tokens are dated by: it never falls, whatever the machine's clock does.

#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <mutex>

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

// The machine's time of day, which people and daemons set forward and back. Thread-safe.
class WallClock {
 public:
  WallClock() = default;
  WallClock(const WallClock&) = delete;
  WallClock& operator=(const WallClock&) = delete;
  virtual ~WallClock() = default;

  [[nodiscard]] virtual WallTime now() const = 0;
};

class SystemWallClock final : public WallClock {
 public:
  [[nodiscard]] WallTime now() const override;
};

// A wall clock for tests: stands where it is put.
class ManualWallClock final : public WallClock {
 public:
  explicit ManualWallClock(WallTime start) : millis_(millis_of(start)) {}

  [[nodiscard]] WallTime now() const override { return wall_from_millis(millis_.load()); }
  void set(WallTime time) { millis_ = millis_of(time); }
  void advance(std::chrono::milliseconds step) { millis_ += step.count(); }

 private:
  std::atomic<std::int64_t> millis_;
};

// Product time.
class Clock {
 public:
  Clock() = default;
  Clock(const Clock&) = delete;
  Clock& operator=(const Clock&) = delete;
  virtual ~Clock() = default;

  // The time now. Never earlier than any value returned before. Thread-safe.
  [[nodiscard]] virtual TimePoint now() const = 0;

  // Says that times up to `floor` were given in an earlier life of the process: now() goes on from
  // there if it would be earlier. Thread-safe.
  virtual void raise_floor(TimePoint floor) = 0;
};

// Wall time and an offset. The offset grows where time would fall, because a floor is raised above
// it or the wall clock is set back, so time goes on at the wall clock's pace and never stands. It
// never shrinks: each time the wall clock is set forward and back, time is as far ahead of it.
class SystemClock final : public Clock {
 public:
  // `wall` outlives it.
  explicit SystemClock(const WallClock& wall) : wall_(wall) {}

  [[nodiscard]] TimePoint now() const override;
  void raise_floor(TimePoint floor) override;

  // How far product time is ahead of wall time.
  [[nodiscard]] std::chrono::milliseconds offset() const {
    return std::chrono::milliseconds(offset_millis_.load());
  }

 private:
  // Sees to it that the time now is not below `floor_millis`, nor below any time given.
  std::int64_t go_on_from(std::int64_t floor_millis) const;

  const WallClock& wall_;
  mutable std::mutex mutex_;  // Taken where time would fall, or another thread was later.
  mutable std::atomic<std::int64_t> offset_millis_{0};
  mutable std::atomic<std::int64_t> last_millis_{0};  // The newest time given.
};

// A clock for tests: moves only when told to.
class ManualClock final : public Clock {
 public:
  explicit ManualClock(TimePoint start) : millis_(millis_of(start)) {}

  [[nodiscard]] TimePoint now() const override { return time_from_millis(millis_.load()); }
  void raise_floor(TimePoint floor) override;
  void advance(std::chrono::milliseconds step) { millis_ += step.count(); }

 private:
  std::atomic<std::int64_t> millis_;
};

}  // namespace millrace
