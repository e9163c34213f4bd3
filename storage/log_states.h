// What the engine knows of each log in memory: its ends, loaded from disk on first use.

#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <shared_mutex>
#include <span>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "base/clock.h"
#include "base/error.h"
#include "storage/engine.h"
#include "storage/keys.h"

namespace millrace::storage {

struct LogState {
  explicit LogState(LogId id) : log(id) {}

  const LogId log;
  std::atomic<Position> next{0};  // Written by the leader of a round only.
  std::atomic<Position> published{0};
  std::atomic<Position> trimmed{0};
  std::atomic<Position> reclaimed{0};  // Below it, a range delete has been written.
  std::atomic<std::int64_t> last_arrival_millis{0};
  std::atomic<bool> is_dirty{false};  // The head row is older than this.

  [[nodiscard]] HeadRow head() const {
    return {next.load(), trimmed.load(), time_from_millis(last_arrival_millis.load())};
  }
};

class LogStates {
 public:
  using Loader = std::function<Result<std::shared_ptr<LogState>>(LogId)>;

  explicit LogStates(Loader load) : load_(std::move(load)) {}

  // The state of `log`, loaded if need be. Errors: the loader's.
  Result<std::shared_ptr<LogState>> find(LogId log);

  // From now on the logs are empty, whatever lies on the device. Their ids are not used again.
  void forget(std::span<const LogId> logs);
  [[nodiscard]] std::vector<std::shared_ptr<LogState>> all() const;

 private:
  const Loader load_;
  mutable std::shared_mutex mutex_;
  std::unordered_map<LogId, std::shared_ptr<LogState>> states_;
  std::unordered_set<LogId> forgotten_;
};

}  // namespace millrace::storage
