// A call that is made once at most, and that can be given up.

#pragma once

#include <functional>
#include <mutex>
#include <utility>

namespace millrace {

// Thread-safe. Whoever waits and whoever wakes share it. The call runs under its lock, so it only
// posts to its own thread.
class Wakeup {
 public:
  explicit Wakeup(std::function<void()> call) : call_(std::move(call)) {}

  // Makes the call, unless it was made or given up before.
  void fire() {
    const std::lock_guard lock(mutex_);
    if (call_) std::exchange(call_, nullptr)();
  }

  // Waits for a call that is under way.
  void give_up() {
    const std::lock_guard lock(mutex_);
    call_ = nullptr;
  }

 private:
  std::mutex mutex_;
  std::function<void()> call_;  // Empty once it was made or given up.
};

}  // namespace millrace
