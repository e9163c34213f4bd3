// Gathers concurrent commits into rounds. Whoever finds no round running leads the next one, in its
// own thread: a hand-off to a writer thread would cost as much as the write itself.

#pragma once

#include <atomic>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <span>
#include <vector>

#include "base/error.h"
#include "storage/engine.h"

namespace millrace::storage {

// What one caller wants written, and what became of it.
struct Commit {
  std::span<const LogBatch> batches;
  const TableBatch* table = nullptr;
  Result<void> outcome;
  Receipt receipt;
};

class CommitQueue {
 public:
  // `write_round` fills outcome and receipt of each commit of a round. It is called by one thread
  // at a time.
  using WriteRound = std::function<void(std::span<Commit* const>)>;

  explicit CommitQueue(WriteRound write_round) : write_round_(std::move(write_round)) {}

  // Returns when `commit` has been part of a round. The wait is bounded by the rounds before it,
  // each of which is one write.
  void run(Commit& commit);

 private:
  struct Waiter {
    Commit* commit;
    std::atomic<bool> is_done{false};
  };

  const WriteRound write_round_;
  std::mutex mutex_;
  std::condition_variable round_ended_;
  std::vector<Waiter*> waiting_;
  std::atomic<bool> is_running_{false};  // Changed under the mutex, looked at without it too.
};

}  // namespace millrace::storage
