#include "storage/rocksdb/commit_queue.h"

#include <mutex>
#include <vector>

#include "base/error.h"
#include "storage/errors.h"

namespace millrace::storage {

namespace {

// A round takes a few microseconds, falling asleep and being woken takes more.
constexpr int kSpins = 400;

void pause_briefly() {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#endif
}

}  // namespace

bool CommitQueue::has_ended(Waiter& self, std::unique_lock<std::mutex>& lock) {
  const auto is_over = [&] { return self.is_done || !is_running_; };
  if (is_running_) {
    lock.unlock();
    for (int i = 0; i < kSpins && is_running_ && !self.is_done; ++i) pause_briefly();
    lock.lock();
  }
  if (is_over() || (!is_held_up_ && round_ended_.wait_for(lock, patience_, is_over))) {
    return self.is_done;
  }
  if (std::erase(waiting_, &self) == 0) {  // A round has it, that of before or one since.
    round_ended_.wait(lock, [&] { return self.is_done.load(); });
    return true;
  }
  is_held_up_ = true;
  self.commit->outcome = fail(kBusy, "The store is held up.");
  return true;
}

void CommitQueue::run(Commit& commit) {
  Waiter self{&commit};
  std::unique_lock lock(mutex_);
  waiting_.push_back(&self);
  if (has_ended(self, lock)) return;

  is_running_ = true;  // So the round is this thread's.
  round_.swap(waiting_);
  lock.unlock();

  for (const Waiter* waiter : round_) commits_.push_back(waiter->commit);
  write_round_(commits_);
  commits_.clear();

  lock.lock();
  for (Waiter* waiter : round_) waiter->is_done = true;
  round_.clear();
  is_running_ = false;
  is_held_up_ = false;
  lock.unlock();
  round_ended_.notify_all();
}

}  // namespace millrace::storage
