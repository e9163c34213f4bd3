// A value that is exchanged while others use it: whoever has taken one keeps it.

#pragma once

#include <memory>
#include <mutex>
#include <utility>

namespace millrace {

// Thread-safe.
template <class T>
class Current {
 public:
  [[nodiscard]] std::shared_ptr<T> get() const {
    const std::lock_guard lock(mutex_);
    return value_;
  }

  void set(std::shared_ptr<T> value) {
    const std::lock_guard lock(mutex_);
    value_.swap(value);  // The one of before ends without the lock.
  }

 private:
  mutable std::mutex mutex_;
  std::shared_ptr<T> value_;
};

}  // namespace millrace
