// The one thread of storage: syncs the write-ahead log and looks at the disk once a second.

#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

#include "storage/engine.h"

namespace millrace::storage {

// When a commit reaches the device.
enum class Fsync : std::uint8_t {
  kAlways,    // Before its answer: nothing acknowledged is lost in a power cut.
  kInterval,  // At most an interval later: a power cut loses at most that, always a suffix.
  kNever,     // When the system likes. kill -9 loses nothing in any of the three.
};

class Syncer {
 public:
  struct Hooks {
    std::function<bool()> sync;             // False if the device refused.
    std::function<void(Ticket)> on_synced;  // Everything up to the ticket is on the device.
    std::function<void()> on_failed;        // A sync failed; called once, nothing is synced after.
    std::function<void()> on_second;
  };

  Syncer(Fsync mode, std::chrono::milliseconds interval, Hooks hooks);
  Syncer(const Syncer&) = delete;
  Syncer& operator=(const Syncer&) = delete;
  ~Syncer();

  // Tells that `ticket` was written. Tickets rise.
  void committed(Ticket ticket);

  [[nodiscard]] bool is_durable(Ticket ticket) const;
  void when_durable(Ticket ticket, std::function<void(bool)> done);

  // Syncs what is left and ends the thread. Calls after it find everything durable or failed.
  void stop();

 private:
  struct Waiter {
    Ticket ticket;
    std::function<void(bool)> done;
  };

  void run();
  void sync_once(std::unique_lock<std::mutex>& lock);

  const Fsync mode_;
  const std::chrono::milliseconds interval_;
  const Hooks hooks_;
  mutable std::mutex mutex_;
  std::condition_variable wake_;
  Ticket committed_ = 0;
  Ticket synced_ = 0;
  bool has_failed_ = false;
  bool is_stopping_ = false;
  std::vector<Waiter> waiters_;
  std::thread thread_;
};

}  // namespace millrace::storage
