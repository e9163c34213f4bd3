#include "storage/arrivals.h"

#include <cstddef>
#include <functional>
#include <limits>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

#include "storage/engine.h"
#include "storage/spaces.h"

namespace millrace::storage {

Arrivals::Token::Token(Arrivals& arrivals, Key key, std::shared_ptr<Waiter> waiter)
    : arrivals_(&arrivals), key_(key), waiter_(std::move(waiter)) {}

Arrivals::Token::Token(Token&& other) noexcept { *this = std::move(other); }

Arrivals::Token& Arrivals::Token::operator=(Token&& other) noexcept {
  if (this != &other) {
    release();
    arrivals_ = std::exchange(other.arrivals_, nullptr);
    key_ = other.key_;
    waiter_ = std::move(other.waiter_);
  }
  return *this;
}

void Arrivals::Token::release() {
  if (arrivals_ == nullptr) return;
  arrivals_->remove(key_);
  arrivals_ = nullptr;
  waiter_->wakeup.give_up();
}

Arrivals::Arrivals(Engine& engine) : engine_(engine) {
  engine_.on_publish([this](LogId log, Position end) { notify(log, end); });
}

// Neighbouring parts of an id, and the same part of neighbouring ids, are in different groups.
Arrivals::Group& Arrivals::group_of(LogId log) {
  return groups_[(log ^ (log >> kPartBits)) % kGroups];
}

Arrivals::Token Arrivals::wait(LogId log, Position end_seen, std::function<void()> wake) {
  auto waiter = std::make_shared<Waiter>(end_seen, std::move(wake));
  const Key key{log, ++last_number_};
  Group& group = group_of(log);
  {
    const std::lock_guard lock(group.mutex);
    group.waiters.emplace(key, waiter);
    ++group.count;
  }
  // Looked at after joining, so that no publication falls between the look and the wait. A log that
  // cannot be read wakes its reader, who then meets the error.
  const auto bounds = engine_.bounds(log);
  if (!bounds || bounds->published > end_seen) waiter->wakeup.fire();
  return {*this, key, std::move(waiter)};
}

void Arrivals::notify(LogId log, Position end) {
  Group& group = group_of(log);
  if (group.count.load() == 0) return;
  std::vector<std::shared_ptr<Waiter>> ready;
  {
    const std::lock_guard lock(group.mutex);
    for (auto at = group.waiters.lower_bound({log, 0});
         at != group.waiters.end() && at->first.first == log; ++at) {
      if (end > at->second->end_seen) ready.push_back(at->second);
    }
  }
  for (const auto& waiter : ready) waiter->wakeup.fire();
}

void Arrivals::wake(LogId log) { notify(log, std::numeric_limits<Position>::max()); }

void Arrivals::remove(const Key& key) {
  Group& group = group_of(key.first);
  const std::lock_guard lock(group.mutex);
  if (group.waiters.erase(key) > 0) --group.count;
}

std::size_t Arrivals::count() const {
  std::size_t count = 0;
  for (const Group& group : groups_) count += group.count.load();
  return count;
}

}  // namespace millrace::storage
