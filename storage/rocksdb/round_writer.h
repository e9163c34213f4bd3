// Writes what a round of commits wants: all of it in one write of RocksDB.
//
// Entries that may wait for others are staged, with their positions, until a round has something
// that is wanted now. For storage/rocksdb/rocksdb_engine.cpp; used by the leader of a round only,
// or by the one that opens or closes the store, but for has_staged().

#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <rocksdb/slice.h>
#include <rocksdb/status.h>
#include <rocksdb/write_batch.h>

#include "base/error.h"
#include "base/time_point.h"
#include "storage/batch.h"
#include "storage/engine.h"
#include "storage/rocksdb/commit_queue.h"
#include "storage/rocksdb/epochs.h"
#include "storage/rocksdb/keys.h"
#include "storage/rocksdb/log_states.h"
#include "storage/rocksdb/mark.h"
#include "storage/rocksdb/publisher.h"
#include "storage/rocksdb/rocksdb_options.h"
#include "storage/rocksdb/rocksdb_store.h"
#include "storage/rocksdb/room.h"
#include "storage/rocksdb/syncer.h"

namespace millrace::storage {

class RoundWriter {
 public:
  // All of them outlive it. A store in memory has no mark.
  struct Parts {
    const RocksDbOptions& options;
    RocksDbStore& store;
    LogStates& states;
    Epochs& epochs;
    Room& room;
    Publisher& publisher;
    Mark* mark = nullptr;
  };

  explicit RoundWriter(const Parts& parts) : parts_(parts) {}

  // Tells `syncer` of what is written from now on, and calls `on_epoch_end` when an epoch has
  // ended. Without it, at opening and closing, nobody waits for a write.
  void start(Syncer& syncer, std::function<void()> on_epoch_end);

  // New logs begin at `position` or above.
  void begin_logs_at(Position position) { next_max_ = std::max(next_max_, position); }

  // Begins the epoch `next`, in another memtable. Errors: kFull, kBusy, kFailed.
  [[nodiscard]] Result<void> end_epoch(Epoch next);

  // Fills outcome and receipt of each commit.
  void write(std::span<Commit* const> round);

  // Whether there is something that no round has begun to write.
  [[nodiscard]] bool has_staged() const { return has_staged_; }

 private:
  // One batch of a round, resolved.
  struct Entry {
    LogState* state;
    const Batch* batch;
    TimePoint now;
    Appended* appended;
  };

  // What rounds have put together since the last write. Kept so that its memory is used again.
  struct Staged {
    std::vector<std::shared_ptr<LogState>> held;
    std::vector<LogEnd> ends;
    rocksdb::WriteBatch batch;
    TimePoint newest;

    void clear();
  };

  // Whether the rows are as `commit` expects them, with what the round has changed so far.
  [[nodiscard]] Result<void> check_expected(const Commit& commit) const;
  [[nodiscard]] Result<std::optional<std::string>> row_in_round(std::string_view key) const;

  // All of `commit` but its entries, which stage_entries() takes together with those of the others.
  void stage(Commit& commit);
  void stage_entries();
  void add_trims(std::span<const Trim> trims);
  void add_drops(std::span<const LogId> drops);

  // Stages all entries of one log, beginning at entries_[i], which it moves past them.
  void stage_log(std::size_t& i);
  void put_value(const std::array<char, kRecordKeyBytes>& key, const ValueParts& value,
                 TimePoint arrival);

  // Writes, and notes what has become of it.
  rocksdb::Status write_noted(rocksdb::WriteBatch& batch);

  // Writes what is staged and tells who waits for it. The positions of a failed write may be on
  // disk all the same: they are passed over for good.
  Result<void> write_staged();

  const Parts parts_;
  Syncer* syncer_ = nullptr;
  std::function<void()> on_epoch_end_ = [] {};
  // The first five are kept so that their memory is used again.
  Staged staged_;
  std::vector<Entry> entries_;                   // Of the round.
  std::vector<const TableBatch*> round_tables_;  // Staged by the round, which writes them as well.
  ValueCutter cutter_;
  std::vector<rocksdb::Slice> slices_;  // Of a value.
  std::atomic<bool> has_staged_{false};
  bool is_epoch_over_ = false;
  Ticket last_ticket_ = 0;
  Position next_max_ = 0;  // No log was given this position, or a higher one.
};

}  // namespace millrace::storage
