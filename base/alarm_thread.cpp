#include "base/alarm_thread.h"

#include <chrono>
#include <mutex>
#include <thread>

#include "base/clock.h"

namespace millrace {

AlarmThread::AlarmThread(Clock& clock) : clock_(clock) {
  clock_.on_new_ring([this] {
    {
      const std::lock_guard lock(mutex_);
      is_new_ = true;
    }
    wake_.notify_one();
  });
  thread_ = std::thread([this] { run(); });
}

AlarmThread::~AlarmThread() {
  {
    const std::lock_guard lock(mutex_);
    is_stopping_ = true;
  }
  wake_.notify_one();
  thread_.join();
  clock_.on_new_ring([] {});
}

void AlarmThread::run() {
  const auto has_news = [this] { return is_new_ || is_stopping_; };
  for (;;) {
    clock_.ring();
    // After ringing, so that an alarm that was set meanwhile is seen here or is news.
    const auto next = clock_.next_ring();
    std::unique_lock lock(mutex_);
    if (next) {
      // The system clock: the wait ends too if that is set forward.
      wake_.wait_until(lock, std::chrono::system_clock::time_point(*next), has_news);
    } else {
      wake_.wait(lock, has_news);
    }
    if (is_stopping_) return;
    is_new_ = false;
  }
}

}  // namespace millrace
