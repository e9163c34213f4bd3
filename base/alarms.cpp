#include "base/alarms.h"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>
#include <memory>
#include <mutex>
#include <optional>
#include <utility>
#include <vector>

#include "base/time_point.h"
#include "base/wakeup.h"

namespace millrace {

Alarms::Token::Token(Alarms& alarms, Key key, std::shared_ptr<Wakeup> wakeup)
    : alarms_(&alarms), key_(key), wakeup_(std::move(wakeup)) {}

Alarms::Token::Token(Token&& other) noexcept
    : alarms_(std::exchange(other.alarms_, nullptr)),
      key_(other.key_),
      wakeup_(std::move(other.wakeup_)) {}

Alarms::Token& Alarms::Token::operator=(Token&& other) noexcept {
  if (this != &other) {
    release();
    alarms_ = std::exchange(other.alarms_, nullptr);
    key_ = other.key_;
    wakeup_ = std::move(other.wakeup_);
  }
  return *this;
}

void Alarms::Token::release() {
  if (alarms_ == nullptr) return;
  alarms_->remove(key_);
  alarms_ = nullptr;
  wakeup_->give_up();
}

Alarms::Token Alarms::add(TimePoint time, std::function<void()> wake) {
  auto wakeup = std::make_shared<Wakeup>(std::move(wake));
  const std::lock_guard lock(mutex_);
  const Key key{time, ++last_number_};
  listed_.emplace(key, wakeup);
  return {*this, key, std::move(wakeup)};
}

void Alarms::ring(TimePoint now) {
  std::vector<std::shared_ptr<Wakeup>> due;
  {
    const std::lock_guard lock(mutex_);
    const auto end = listed_.upper_bound({now, std::numeric_limits<std::uint64_t>::max()});
    for (auto at = listed_.begin(); at != end; ++at) due.push_back(std::move(at->second));
    listed_.erase(listed_.begin(), end);
  }
  for (const auto& wakeup : due) wakeup->fire();
}

std::optional<TimePoint> Alarms::next() const {
  const std::lock_guard lock(mutex_);
  if (listed_.empty()) return std::nullopt;
  return listed_.begin()->first.time;
}

std::size_t Alarms::count() const {
  const std::lock_guard lock(mutex_);
  return listed_.size();
}

void Alarms::remove(const Key& key) {
  const std::lock_guard lock(mutex_);
  listed_.erase(key);
}

}  // namespace millrace
