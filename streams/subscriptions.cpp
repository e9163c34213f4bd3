#include "streams/subscriptions.h"

#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <utility>

#include "base/error.h"
#include "base/time_point.h"
#include "streams/errors.h"

namespace millrace::streams {
namespace {

// So many entries are kept before those that say nothing any more are forgotten.
constexpr std::size_t kEntriesKept = 10'000;

}  // namespace

struct Subscriptions::Place::State {
  mutable std::mutex mutex;
  bool is_taken = false;
  std::function<void()> wake;
};

Subscriptions::Place::Place(Subscriptions& subscriptions, std::shared_ptr<State> state)
    : subscriptions_(subscriptions), state_(std::move(state)) {}

Subscriptions::Place::~Place() {
  {
    const std::lock_guard lock(state_->mutex);
    state_->wake = nullptr;
  }
  const std::lock_guard lock(subscriptions_.mutex_);
  --subscriptions_.count_;
}

bool Subscriptions::Place::is_taken() const {
  const std::lock_guard lock(state_->mutex);
  return state_->is_taken;
}

void Subscriptions::Place::on_taken(std::function<void()> wake) {
  const std::lock_guard lock(state_->mutex);
  state_->wake = std::move(wake);
  if (state_->is_taken) state_->wake();
}

void Subscriptions::forget_old(TimePoint now) {
  if (entries_.size() < kEntriesKept) return;
  std::erase_if(entries_, [&](const auto& entry) {
    return entry.second.taken_at + options_.takeover_after <= now && entry.second.holder.expired();
  });
}

Result<std::unique_ptr<Subscriptions::Place>> Subscriptions::take(const Key& key,
                                                                  const std::string& shown) {
  std::shared_ptr<Place::State> state;
  std::shared_ptr<Place::State> former;
  {
    const TimePoint now = clock_.now();
    const std::lock_guard lock(mutex_);
    forget_old(now);
    const auto found = entries_.find(key);
    if (found != entries_.end()) {
      if (now < found->second.taken_at + options_.takeover_after) {
        return std::unexpected(already_subscribed(shown));
      }
      former = found->second.holder.lock();
    }
    state = std::make_shared<Place::State>();
    entries_.insert_or_assign(key, Entry{now, state});
    ++count_;
  }
  std::unique_ptr<Place> place(new Place(*this, std::move(state)));
  if (former) {
    const std::lock_guard lock(former->mutex);
    former->is_taken = true;
    if (former->wake) former->wake();
  }
  return place;
}

std::size_t Subscriptions::count() const {
  const std::lock_guard lock(mutex_);
  return count_;
}

Error already_subscribed(const std::string& shown) {
  return {kResourceInUse, "Another active subscription exists for this consumer: " + shown};
}

}  // namespace millrace::streams
