// Who waits for which commit, and the thread that syncs the write-ahead log and looks at the disk
// once a second.

#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

#include "base/error.h"
#include "storage/engine.h"
#include "storage/rocksdb/rocksdb_options.h"

namespace millrace::storage {

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

  // So many writes that failed are remembered; what is older than those forgotten counts as failed.
  static constexpr std::size_t kFailuresKept = 256;

  // Tells what became of the write of `ticket`. Tickets rise. Calls who waits for it, unless it is
  // the sync they wait for.
  void committed(Ticket ticket);
  void failed(Ticket ticket, const Error& error);

  [[nodiscard]] bool is_durable(Ticket ticket) const;
  void when_durable(Ticket ticket, std::function<void(Result<void>)> done);

  // Syncs what is left and ends the thread. Calls after it find everything durable or failed.
  void stop();

 private:
  struct Waiter {
    Ticket ticket;
    std::function<void(Result<void>)> done;
  };
  struct Failure {
    Ticket ticket;
    Error error;
  };

  void run();
  void sync_once(std::unique_lock<std::mutex>& lock);
  // With the mutex held:
  [[nodiscard]] Ticket reached() const;
  [[nodiscard]] std::optional<Error> failure_of(Ticket ticket) const;
  [[nodiscard]] std::vector<Waiter> take_waiters(Ticket first, Ticket last);

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
  std::deque<Failure> failures_;  // By ticket: each put looks here.
  Ticket forgotten_ = 0;          // Failures up to this one are not remembered.
  std::thread thread_;
};

}  // namespace millrace::storage
