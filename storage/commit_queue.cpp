#include "storage/commit_queue.h"

#include <mutex>
#include <utility>
#include <vector>

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

void CommitQueue::run(Commit& commit) {
  Waiter self{&commit};
  std::unique_lock lock(mutex_);
  waiting_.push_back(&self);
  if (is_running_) {
    lock.unlock();
    for (int i = 0; i < kSpins && is_running_ && !self.is_done; ++i) pause_briefly();
    lock.lock();
  }
  round_ended_.wait(lock, [&] { return self.is_done || !is_running_; });
  if (self.is_done) return;

  const std::vector<Waiter*> round = std::exchange(waiting_, {});
  is_running_ = true;
  lock.unlock();

  std::vector<Commit*> commits;
  commits.reserve(round.size());
  for (const Waiter* waiter : round) commits.push_back(waiter->commit);
  write_round_(commits);

  lock.lock();
  for (Waiter* waiter : round) waiter->is_done = true;
  is_running_ = false;
  lock.unlock();
  round_ended_.notify_all();
}

}  // namespace millrace::storage
