#include "streams/arrivals.h"

#include <functional>
#include <limits>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

#include "storage/engine.h"

namespace millrace::streams {

struct Arrivals::Token::Waiter {
  Waiter(storage::LogId log_id, storage::Position end, std::function<void()> call)
      : log(log_id), end_seen(end), wake(std::move(call)) {}

  void fire() {
    const std::lock_guard lock(mutex);
    if (wake) std::exchange(wake, nullptr)();
  }

  const storage::LogId log;
  const storage::Position end_seen;
  std::mutex mutex;
  std::function<void()> wake;  // Empty once it was called or given up.
};

Arrivals::Token::Token(Arrivals& arrivals, std::shared_ptr<Waiter> waiter)
    : arrivals_(&arrivals), waiter_(std::move(waiter)) {}

Arrivals::Token::Token(Token&& other) noexcept
    : arrivals_(std::exchange(other.arrivals_, nullptr)), waiter_(std::move(other.waiter_)) {}

Arrivals::Token& Arrivals::Token::operator=(Token&& other) noexcept {
  if (this != &other) {
    release();
    arrivals_ = std::exchange(other.arrivals_, nullptr);
    waiter_ = std::move(other.waiter_);
  }
  return *this;
}

Arrivals::Token::~Token() { release(); }

void Arrivals::Token::release() {
  if (arrivals_ == nullptr) return;
  arrivals_->remove(waiter_->log, waiter_.get());
  arrivals_ = nullptr;
  const std::lock_guard lock(waiter_->mutex);
  waiter_->wake = nullptr;
}

Arrivals::Arrivals(storage::Engine& engine) : engine_(engine) {
  engine_.on_publish([this](storage::LogId log, storage::Position end) { notify(log, end); });
}

Arrivals::Token Arrivals::wait(storage::LogId log, storage::Position end_seen,
                               std::function<void()> wake) {
  auto waiter = std::make_shared<Token::Waiter>(log, end_seen, std::move(wake));
  {
    const std::lock_guard lock(mutex_);
    waiters_.emplace(log, waiter);
    ++count_;
  }
  // Looked at after joining, so that no publication falls between the look and the wait. A log that
  // cannot be read wakes its reader, who then meets the error.
  const auto bounds = engine_.bounds(log);
  if (!bounds || bounds->published > end_seen) waiter->fire();
  return {*this, std::move(waiter)};
}

void Arrivals::notify(storage::LogId log, storage::Position end) {
  if (count_.load() == 0) return;
  std::vector<std::shared_ptr<Token::Waiter>> ready;
  {
    const std::lock_guard lock(mutex_);
    const auto [first, last] = waiters_.equal_range(log);
    for (auto entry = first; entry != last; ++entry) {
      if (end > entry->second->end_seen) ready.push_back(entry->second);
    }
  }
  for (const auto& waiter : ready) waiter->fire();
}

void Arrivals::wake(storage::LogId log) {
  notify(log, std::numeric_limits<storage::Position>::max());
}

void Arrivals::remove(storage::LogId log, const Token::Waiter* waiter) {
  const std::lock_guard lock(mutex_);
  const auto [first, last] = waiters_.equal_range(log);
  for (auto entry = first; entry != last; ++entry) {
    if (entry->second.get() != waiter) continue;
    waiters_.erase(entry);
    --count_;
    return;
  }
}

}  // namespace millrace::streams
