// Gathers concurrent commits into rounds. Whoever finds no round running leads the next one, in its
// own thread: a hand-off to a writer thread would cost as much as the write itself.

#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <span>
#include <utility>
#include <vector>

#include "base/error.h"
#include "base/time_point.h"
#include "storage/engine.h"

namespace millrace::storage {

// What one caller wants written, and what became of it.
struct Commit {
  std::span<const LogBatch> batches;
  TimePoint now{};  // When they were appended.
  When when = When::kNow;
  const TableBatch* table = nullptr;
  std::span<const Trim> trims;
  std::span<const LogId> drops;
  const TableBatch* engine_rows = nullptr;  // With whole keys (storage/rocksdb/keys.h).
  bool ends_epoch = false;
  // Called in the round, when nothing is half written.
  std::function<Result<void>()> between_writes;
  Result<void> outcome;
  Receipt receipt;
};

class CommitQueue {
 public:
  // `write_round` fills outcome and receipt of each commit of a round. It is called by one thread
  // at a time.
  using WriteRound = std::function<void(std::span<Commit* const>)>;

  // Far more than a round takes, far less than a client waits.
  static constexpr std::chrono::milliseconds kPatience{50};

  explicit CommitQueue(WriteRound write_round, std::chrono::milliseconds patience = kPatience)
      : write_round_(std::move(write_round)), patience_(patience) {}

  // Returns when `commit` has been part of a round, or could not become one: its outcome is kBusy
  // when the round before it has taken longer than `patience`, and from then on at once until that
  // round ends. A device that does not answer so holds up the commits of one round, not all that
  // come meanwhile.
  void run(Commit& commit);

 private:
  struct Waiter {
    Commit* commit;
    std::atomic<bool> is_done{false};
  };

  // Waits while other rounds run; whether `self` has been part of one then, or will be of none.
  bool has_ended(Waiter& self, std::unique_lock<std::mutex>& lock);

  const WriteRound write_round_;
  const std::chrono::milliseconds patience_;
  std::mutex mutex_;
  std::condition_variable round_ended_;
  std::vector<Waiter*> waiting_;
  std::vector<Waiter*> round_;  // That is running; its leader's, as its commits are.
  std::vector<Commit*> commits_;
  bool is_held_up_ = false;  // The running round has taken longer than somebody's patience.
  std::atomic<bool> is_running_{false};  // Changed under the mutex, looked at without it too.
};

}  // namespace millrace::storage
