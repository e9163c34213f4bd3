// The machine's time of day.

#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>

#include "base/time_point.h"

namespace millrace {

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

}  // namespace millrace
