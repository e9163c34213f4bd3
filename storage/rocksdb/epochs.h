// Epochs: the stretches into which everything that is appended is cut, one after the other.
//
// An epoch is what one memtable holds, and stands in front of its keys. So each memtable becomes a
// table file whose keys lie behind those of all files before it: RocksDB moves such files down its
// levels without writing them again, and what is stored makes a write no dearer. An epoch whose
// entries nobody reads any more goes as a whole, by its files (storage/rocksdb/reclaim.h).
//
// When an epoch ends, one write says what its logs have come to (their head rows), what the epoch
// holds, and which epoch runs from then on. Only the running one is therefore looked through when a
// store is opened after a crash. Each log enters an epoch with its first append in it; epochs rise,
// and so no position is given twice, whatever suffix of the last one was lost.
//
// For storage/*.cpp only.

#pragma once

#include <atomic>
#include <cstdint>

#include <rocksdb/write_batch.h>

#include "base/error.h"
#include "base/time_point.h"
#include "storage/rocksdb/keys.h"
#include "storage/rocksdb/log_states.h"
#include "storage/rocksdb/rocksdb_store.h"

namespace millrace::storage {

// The running epoch. But for running(), to be used by one thread at a time: the one that opens or
// closes the store, or leads a round.
class Epochs {
 public:
  explicit Epochs(LogStates& states) : states_(states) {}

  // Fills the states with what the store holds. Returns the time of its newest entry. Errors:
  // kDamaged, kFailed.
  [[nodiscard]] Result<TimePoint> load(const RocksDbStore& store);

  [[nodiscard]] Epoch running() const { return running_.load(); }

  // Of keys and values in the running epoch.
  [[nodiscard]] std::uint64_t bytes() const { return bytes_.load(); }

  // Notes that so many bytes of a log, which ends at `end` now, are written or will be next.
  void add(LogState& state, Position end, std::uint64_t bytes);

  // Adds to `batch` what is to be kept of the running epoch, and that `next`, a later one, runs.
  void end_in(rocksdb::WriteBatch& batch, const RocksDbStore& store, Epoch next) const;

  // Called when that is written.
  void begin(Epoch next);

 private:
  [[nodiscard]] Result<void> load_heads(const RocksDbStore& store);
  [[nodiscard]] Result<void> load_entries(const RocksDbStore& store);

  LogStates& states_;
  std::atomic<Epoch> running_{0};
  std::atomic<std::uint64_t> bytes_{0};
};

}  // namespace millrace::storage
