#include "storage/rocksdb/log_states.h"

#include <cstddef>
#include <memory>
#include <mutex>
#include <shared_mutex>
#include <span>
#include <utility>
#include <vector>

#include "storage/engine.h"
#include "storage/rocksdb/keys.h"

namespace millrace::storage {

LogState::Runs LogState::runs() const {
  const std::lock_guard lock(mutex_);
  return runs_;
}

void LogState::set_runs(std::vector<EpochRun> runs) {
  auto changed = std::make_shared<const std::vector<EpochRun>>(std::move(runs));
  const std::lock_guard lock(mutex_);
  runs_.swap(changed);
}

void LogState::enter(Epoch epoch) {
  std::vector<EpochRun> runs = *this->runs();
  if (!runs.empty() && epoch <= runs.back().last) return;
  older_end = entries_end.load();
  // What is trimmed is not read again.
  std::erase_if(runs, [&](const EpochRun& run) { return run.last < epoch_of(trimmed.load()); });
  if (!runs.empty() && runs.back().last + 1 == epoch) {
    runs.back().last = epoch;
  } else {
    runs.push_back({epoch, epoch});
  }
  if (runs.size() > kRunsMax) {
    std::size_t nearest = 1;
    for (std::size_t i = 2; i < runs.size(); ++i) {
      const auto gap = [&](std::size_t at) { return runs[at].first - runs[at - 1].last; };
      if (gap(i) < gap(nearest)) nearest = i;
    }
    runs[nearest - 1].last = runs[nearest].last;
    runs.erase(runs.begin() + static_cast<std::ptrdiff_t>(nearest));
  }
  set_runs(std::move(runs));
}

std::shared_ptr<LogState> LogStates::find(LogId log) const {
  const std::shared_lock lock(mutex_);
  const auto found = states_.find(log);
  return found != states_.end() ? found->second : std::make_shared<LogState>(log, begin_);
}

std::shared_ptr<LogState> LogStates::find_or_add(LogId log) {
  {
    const std::shared_lock lock(mutex_);
    if (const auto found = states_.find(log); found != states_.end()) return found->second;
  }
  const std::unique_lock lock(mutex_);
  if (dropped_.contains(log)) return std::make_shared<LogState>(log, begin_);
  auto& state = states_[log];
  if (!state) state = std::make_shared<LogState>(log, begin_);
  return state;
}

void LogStates::find_or_add(std::span<const LogBatch> batches,
                            std::vector<std::shared_ptr<LogState>>& found) {
  std::size_t count = 0;
  {
    const std::shared_lock lock(mutex_);
    for (; count < batches.size(); ++count) {
      const auto known = states_.find(batches[count].log);
      if (known == states_.end()) break;
      found.push_back(known->second);
    }
  }
  for (const LogBatch& batch : batches.subspan(count)) found.push_back(find_or_add(batch.log));
}

void LogStates::add(std::shared_ptr<LogState> state) {
  const std::unique_lock lock(mutex_);
  const LogId log = state->log;
  states_.insert_or_assign(log, std::move(state));
}

void LogStates::drop(std::span<const LogId> logs) {
  const std::unique_lock lock(mutex_);
  for (const LogId log : logs) {
    states_.erase(log);
    dropped_.insert(log);
  }
}

void LogStates::begin_epoch(Epoch epoch) {
  const std::unique_lock lock(mutex_);
  begin_ = start_of(epoch);
  dropped_.clear();
}

bool LogStates::is_dead(LogId log, Position end) const {
  const std::shared_lock lock(mutex_);
  const auto found = states_.find(log);
  return found == states_.end() || end <= found->second->trimmed.load();
}

std::vector<std::shared_ptr<LogState>> LogStates::all() const {
  const std::shared_lock lock(mutex_);
  std::vector<std::shared_ptr<LogState>> states;
  states.reserve(states_.size());
  for (const auto& [log, state] : states_) states.push_back(state);
  return states;
}

std::vector<LogId> LogStates::dropped() const {
  const std::shared_lock lock(mutex_);
  return {dropped_.begin(), dropped_.end()};
}

}  // namespace millrace::storage
