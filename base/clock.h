// Where all time comes from. Nothing else in the project asks the system for the time of day.

#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>

namespace millrace {

// Milliseconds since the Unix epoch.
using TimePoint = std::chrono::time_point<std::chrono::system_clock, std::chrono::milliseconds>;

// Whole seconds since the Unix epoch, as they stand in sequence numbers and ARNs.
constexpr std::int64_t seconds_of(TimePoint time) {
  return std::chrono::floor<std::chrono::seconds>(time).time_since_epoch().count();
}

constexpr std::int64_t millis_of(TimePoint time) { return time.time_since_epoch().count(); }

constexpr TimePoint time_from_millis(std::int64_t millis) {
  return TimePoint{std::chrono::milliseconds{millis}};
}

class Clock {
 public:
  Clock() = default;
  Clock(const Clock&) = delete;
  Clock& operator=(const Clock&) = delete;
  virtual ~Clock() = default;

  // The time now. Never earlier than any value returned before. Thread-safe.
  [[nodiscard]] virtual TimePoint now() const = 0;

  // Says that times up to `floor` were handed out in an earlier life of the process, so that now()
  // goes on from there when the machine's clock was set back. Thread-safe.
  virtual void raise_floor(TimePoint floor) = 0;
};

// The machine's clock; stands still instead of going back.
class SystemClock final : public Clock {
 public:
  [[nodiscard]] TimePoint now() const override;
  void raise_floor(TimePoint floor) override;

 private:
  mutable std::atomic<std::int64_t> last_millis_{0};
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
