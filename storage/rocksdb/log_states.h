// What the engine knows of each log in memory: all that have ever had an entry and were not
// dropped.

#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <shared_mutex>
#include <span>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "base/time_point.h"
#include "storage/engine.h"
#include "storage/rocksdb/keys.h"

namespace millrace::storage {

class LogState {
 public:
  using Runs = std::shared_ptr<const std::vector<EpochRun>>;

  // With more, the two that are nearest become one, and a reader seeks for nothing now and then.
  static constexpr std::size_t kRunsMax = 64;

  LogState(LogId id, Position begin) : log(id), next(begin), published(begin), trimmed(begin) {}

  const LogId log;
  std::atomic<Position> next;  // Written by the leader of a round only.
  std::atomic<Position> published;
  std::atomic<Position> trimmed;
  std::atomic<Position> entries_end{0};  // Behind the last entry; next may have leapt beyond.
  std::atomic<Position> older_end{0};    // The same without those of the last epoch of runs().
  std::atomic<std::int64_t> last_arrival_millis{0};
  std::atomic<std::uint64_t> epoch_bytes{0};  // Of keys and values in the running epoch.

  [[nodiscard]] Runs runs() const;
  void set_runs(std::vector<EpochRun> runs);

  // Notes that `epoch`, none before the last one, has entries. By the leader of a round only.
  void enter(Epoch epoch);

  [[nodiscard]] HeadRow head() const {
    return {next.load(), trimmed.load(), time_from_millis(last_arrival_millis.load()), *runs()};
  }

 private:
  mutable std::mutex mutex_;
  Runs runs_ = std::make_shared<const std::vector<EpochRun>>();
};

class LogStates {
 public:
  // The state of `log`; one with nothing in it, that nobody else gets, if there is none.
  [[nodiscard]] std::shared_ptr<LogState> find(LogId log) const;

  // The same, which others get from now on, unless the log has been dropped in this epoch.
  [[nodiscard]] std::shared_ptr<LogState> find_or_add(LogId log);

  // Puts those of the logs of `batches`, in their order, behind what is in `found`.
  void find_or_add(std::span<const LogBatch> batches,
                   std::vector<std::shared_ptr<LogState>>& found);

  void add(std::shared_ptr<LogState> state);

  // Forgets logs. Their ids are not used again.
  void drop(std::span<const LogId> logs);

  // Where logs begin from now on. Nothing is written any more to what was dropped before.
  void begin_epoch(Epoch epoch);

  // Whether nobody reads the entries of `log` below `end`.
  [[nodiscard]] bool is_dead(LogId log, Position end) const;

  [[nodiscard]] std::vector<std::shared_ptr<LogState>> all() const;
  [[nodiscard]] std::vector<LogId> dropped() const;  // In this epoch.

 private:
  mutable std::shared_mutex mutex_;
  Position begin_ = 0;
  std::unordered_map<LogId, std::shared_ptr<LogState>> states_;
  std::unordered_set<LogId> dropped_;
};

}  // namespace millrace::storage
