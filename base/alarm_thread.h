// Rings the alarms of a clock when their time has come.

#pragma once

#include <condition_variable>
#include <mutex>
#include <thread>

#include "base/clock.h"

namespace millrace {

// Sleeps until the next alarm is due by the machine's clock, which may be set meanwhile, or until
// the clock has a new one.
class AlarmThread {
 public:
  // `clock` outlives it, follows the machine's clock and has no other one.
  explicit AlarmThread(Clock& clock);
  AlarmThread(const AlarmThread&) = delete;
  AlarmThread& operator=(const AlarmThread&) = delete;
  // Waits for calls that are under way.
  ~AlarmThread();

 private:
  void run();

  Clock& clock_;
  std::mutex mutex_;
  std::condition_variable wake_;
  bool is_new_ = false;
  bool is_stopping_ = false;
  std::thread thread_;
};

}  // namespace millrace
