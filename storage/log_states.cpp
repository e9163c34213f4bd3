#include "storage/log_states.h"

#include <memory>
#include <mutex>
#include <shared_mutex>
#include <span>
#include <utility>
#include <vector>

#include "base/error.h"
#include "storage/engine.h"

namespace millrace::storage {

Result<std::shared_ptr<LogState>> LogStates::find(LogId log) {
  {
    const std::shared_lock lock(mutex_);
    if (const auto found = states_.find(log); found != states_.end()) return found->second;
    if (forgotten_.contains(log)) return std::make_shared<LogState>(log);
  }
  // Without the lock: the device may be slow, and others want other logs. Who loads the same log
  // meanwhile reads the same, for nobody writes to it before there is a state; the first one
  // counts.
  auto loaded = load_(log);
  if (!loaded) return loaded;
  const std::unique_lock lock(mutex_);
  if (forgotten_.contains(log)) return std::make_shared<LogState>(log);
  return states_.try_emplace(log, std::move(*loaded)).first->second;
}

void LogStates::forget(std::span<const LogId> logs) {
  const std::unique_lock lock(mutex_);
  for (const LogId log : logs) {
    states_.erase(log);
    forgotten_.insert(log);
  }
}

std::vector<std::shared_ptr<LogState>> LogStates::all() const {
  const std::shared_lock lock(mutex_);
  std::vector<std::shared_ptr<LogState>> states;
  states.reserve(states_.size());
  for (const auto& [log, state] : states_) states.push_back(state);
  return states;
}

}  // namespace millrace::storage
