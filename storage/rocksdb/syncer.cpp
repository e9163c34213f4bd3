#include "storage/rocksdb/syncer.h"

#include <algorithm>
#include <chrono>
#include <functional>
#include <iterator>
#include <limits>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

#include "base/error.h"
#include "storage/engine.h"
#include "storage/errors.h"
#include "storage/rocksdb/rocksdb_options.h"

namespace millrace::storage {
namespace {

constexpr std::chrono::seconds kTick{1};
constexpr Ticket kEveryTicket = std::numeric_limits<Ticket>::max();

}  // namespace

Syncer::Syncer(Fsync mode, std::chrono::milliseconds interval, Hooks hooks)
    : mode_(mode), interval_(interval), hooks_(std::move(hooks)), thread_([this] { run(); }) {}

Syncer::~Syncer() { stop(); }

void Syncer::committed(Ticket ticket) {
  std::unique_lock lock(mutex_);
  committed_ = ticket;
  if (mode_ == Fsync::kAlways) {
    lock.unlock();  // Who is woken wants it.
    return wake_.notify_one();
  }
  const std::vector<Waiter> ready = take_waiters(0, ticket);
  lock.unlock();
  for (const Waiter& waiter : ready) waiter.done({});
}

void Syncer::failed(Ticket ticket, const Error& error) {
  std::unique_lock lock(mutex_);
  failures_.push_back({ticket, error});
  if (failures_.size() > kFailuresKept) {
    forgotten_ = failures_.front().ticket;
    failures_.pop_front();
  }
  const std::vector<Waiter> ready = take_waiters(ticket, ticket);
  lock.unlock();
  for (const Waiter& waiter : ready) waiter.done(std::unexpected(error));
}

Ticket Syncer::reached() const { return mode_ == Fsync::kAlways ? synced_ : committed_; }

std::optional<Error> Syncer::failure_of(Ticket ticket) const {
  if (ticket <= forgotten_) return Error{kFailed, ""};
  const auto found = std::ranges::lower_bound(failures_, ticket, {}, &Failure::ticket);
  if (found == failures_.end() || found->ticket != ticket) return std::nullopt;
  return found->error;
}

std::vector<Syncer::Waiter> Syncer::take_waiters(Ticket first, Ticket last) {
  const auto taken = std::ranges::partition(waiters_, [&](const Waiter& waiter) {
    return waiter.ticket < first || waiter.ticket > last;
  });
  std::vector<Waiter> waiters(std::make_move_iterator(taken.begin()),
                              std::make_move_iterator(taken.end()));
  waiters_.erase(taken.begin(), taken.end());
  return waiters;
}

bool Syncer::is_durable(Ticket ticket) const {
  if (ticket == 0) return true;
  const std::lock_guard lock(mutex_);
  return ticket <= reached() && !failure_of(ticket);
}

void Syncer::when_durable(Ticket ticket, std::function<void(Result<void>)> done) {
  std::unique_lock lock(mutex_);
  Result<void> outcome;
  if (ticket == 0) {  // There is nothing to wait for.
  } else if (const auto failure = failure_of(ticket)) {
    outcome = std::unexpected(*failure);
  } else if (ticket > reached()) {
    const bool may_come = mode_ != Fsync::kAlways || !has_failed_;
    if (may_come && !is_stopping_) {
      waiters_.push_back({ticket, std::move(done)});
      return;
    }
    outcome = fail(kFailed, "");
  }
  lock.unlock();
  done(std::move(outcome));
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
  std::vector<Waiter> ready;  // In the other modes nobody waits for this.
  if (mode_ == Fsync::kAlways) ready = take_waiters(0, ok ? synced_ : kEveryTicket);
  lock.unlock();
  for (const Waiter& waiter : ready) {
    waiter.done(ok ? Result<void>{} : fail(kFailed, ""));
  }
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
