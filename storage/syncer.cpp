#include "storage/syncer.h"

#include <algorithm>
#include <chrono>
#include <functional>
#include <iterator>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

#include "storage/engine.h"

namespace millrace::storage {
namespace {

constexpr std::chrono::seconds kTick{1};

}  // namespace

Syncer::Syncer(Fsync mode, std::chrono::milliseconds interval, Hooks hooks)
    : mode_(mode), interval_(interval), hooks_(std::move(hooks)), thread_([this] { run(); }) {}

Syncer::~Syncer() { stop(); }

void Syncer::committed(Ticket ticket) {
  const std::lock_guard lock(mutex_);
  committed_ = ticket;
  if (mode_ == Fsync::kAlways) wake_.notify_one();
}

bool Syncer::is_durable(Ticket ticket) const {
  if (mode_ != Fsync::kAlways || ticket == 0) return true;
  const std::lock_guard lock(mutex_);
  return ticket <= synced_;
}

void Syncer::when_durable(Ticket ticket, std::function<void(bool)> done) {
  std::unique_lock lock(mutex_);
  if (mode_ != Fsync::kAlways || ticket <= synced_ || has_failed_ || is_stopping_) {
    const bool ok = mode_ != Fsync::kAlways || ticket <= synced_;
    lock.unlock();
    done(ok);
    return;
  }
  waiters_.push_back({ticket, std::move(done)});
}

void Syncer::stop() {
  {
    const std::lock_guard lock(mutex_);
    is_stopping_ = true;
    wake_.notify_one();
  }
  if (thread_.joinable()) thread_.join();
}

void Syncer::sync_once(std::unique_lock<std::mutex>& lock) {
  const Ticket target = committed_;
  lock.unlock();
  const bool ok = hooks_.sync();
  if (ok) {
    hooks_.on_synced(target);
  } else {
    hooks_.on_failed();
  }
  lock.lock();
  if (ok) {
    synced_ = target;
  } else {
    has_failed_ = true;
  }
  const auto decided = std::ranges::partition(
      waiters_, [&](const Waiter& waiter) { return !has_failed_ && waiter.ticket > synced_; });
  std::vector<Waiter> ready(std::make_move_iterator(decided.begin()),
                            std::make_move_iterator(decided.end()));
  waiters_.erase(decided.begin(), decided.end());
  lock.unlock();
  for (const Waiter& waiter : ready) waiter.done(ok);
  lock.lock();
}

void Syncer::run() {
  using SteadyClock = std::chrono::steady_clock;
  auto next_tick = SteadyClock::now() + kTick;
  std::unique_lock lock(mutex_);
  for (;;) {
    const auto pause = mode_ == Fsync::kInterval
                           ? std::min<std::chrono::milliseconds>(interval_, kTick)
                           : std::chrono::milliseconds(kTick);
    wake_.wait_for(lock, pause, [this] {
      return is_stopping_ || (mode_ == Fsync::kAlways && committed_ > synced_ && !has_failed_);
    });
    const bool is_wanted = mode_ != Fsync::kNever || is_stopping_;
    if (is_wanted && committed_ > synced_ && !has_failed_) sync_once(lock);
    if (is_stopping_) return;
    if (SteadyClock::now() >= next_tick) {
      next_tick = SteadyClock::now() + kTick;
      lock.unlock();
      hooks_.on_second();
      lock.lock();
    }
  }
}

}  // namespace millrace::storage
