// A RocksDB database with our options: opening, closing, and its Status as our errors.
// For storage/*.cpp only: no other folder may see RocksDB.

#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include <rocksdb/cache.h>
#include <rocksdb/compaction_filter.h>
#include <rocksdb/db.h>
#include <rocksdb/env.h>
#include <rocksdb/options.h>
#include <rocksdb/status.h>
#include <rocksdb/write_batch.h>

#include "base/error.h"
#include "storage/engine.h"
#include "storage/rocksdb/mark.h"
#include "storage/rocksdb/rocksdb_options.h"

namespace millrace::storage {

// `status` as an error; `ok()` statuses must not come here.
[[nodiscard]] Error to_error(const rocksdb::Status& status);

[[nodiscard]] inline rocksdb::Slice to_slice(std::string_view text) {
  return {text.data(), text.size()};
}

// Building a batch in memory fails only for lack of memory, which throws.
inline void check(const rocksdb::Status& status) { status.PermitUncheckedError(); }

// How the database and its records are kept; RocksDB alone is measured with the same (bench/).
[[nodiscard]] rocksdb::DBOptions db_options(const RocksDbOptions& options, bool may_create);
[[nodiscard]] rocksdb::ColumnFamilyOptions records_options(
    const RocksDbOptions& options, const std::shared_ptr<rocksdb::Cache>& cache);

// Whether `records`' memtable has what an epoch may hold: half of the write buffer, before RocksDB
// itself goes on to another at two thirds, or at half while one is being written out.
[[nodiscard]] bool is_epoch_full(rocksdb::DB& db, rocksdb::ColumnFamilyHandle* records,
                                 const RocksDbOptions& options);

// Has `family` go on in another memtable and another write-ahead log; this one is written out in
// the background. A failure shows itself in the next write.
void switch_memtable(rocksdb::DB& db, rocksdb::ColumnFamilyHandle* family);

// How everything stored is read. RocksDB (7.8) passes over the rest of a level without an error
// when, on its way from one table file to the next, it finds the next one damaged, but only where
// it minds range deletes. There are none.
[[nodiscard]] rocksdb::ReadOptions scan_options();

// Whether nobody reads the entry at the end of a batch any more, nor those before it; of `log`,
// below the position `end`.
using IsDead = std::function<bool(LogId log, Position end)>;

// The file system of `options`, or the machine's, without what follows it for the mark.
[[nodiscard]] std::unique_ptr<rocksdb::Env> plain_env_of(const RocksDbOptions& options);

class RocksDbStore {
 public:
  // Opens `path`, through the tracking file system when `mark` is given, in memory otherwise.
  // Compactions leave out what `is_dead`, which must be thread-safe.
  [[nodiscard]] static Result<std::unique_ptr<RocksDbStore>> open(const std::string& path,
                                                                  const RocksDbOptions& options,
                                                                  bool may_create, Mark* mark,
                                                                  IsDead is_dead);
  RocksDbStore(const RocksDbStore&) = delete;
  RocksDbStore& operator=(const RocksDbStore&) = delete;
  ~RocksDbStore();

  [[nodiscard]] rocksdb::DB& db() const { return *db_; }
  [[nodiscard]] rocksdb::ColumnFamilyHandle* tables() const { return tables_.get(); }
  [[nodiscard]] rocksdb::ColumnFamilyHandle* records() const { return records_.get(); }

  // A row of tables() by its whole key, and those whose keys begin with `prefix`, in their order.
  [[nodiscard]] Result<std::optional<std::string>> get(const std::string& key) const;
  [[nodiscard]] Result<void> scan(std::string_view prefix, const RowVisitor& visit) const;

  // Puts all that was written on the device; false if that failed. True at once in memory.
  [[nodiscard]] bool sync() const { return !sync_wal_ || sync_wal_(); }

  // Writes `batch`; one thread at a time. Incomplete if RocksDB would have to wait for its own
  // background work and `may_wait` is false.
  [[nodiscard]] rocksdb::Status write(rocksdb::WriteBatch& batch, bool may_wait);

  // Tries to take writes again after one has failed: writes the memtables out and begins a new
  // write-ahead log.
  [[nodiscard]] rocksdb::Status resume() { return db_->Resume(); }

  // Whether records that were written before the last switch of memtables are still on their way
  // to files, or these to lower levels.
  [[nodiscard]] bool is_settling() const;

  // Writes the memtables out, so that the next open has nothing to replay.
  [[nodiscard]] rocksdb::Status flush();

  // plain_env_of() the options that it was opened with.
  [[nodiscard]] rocksdb::Env& plain_env() const { return *plain_env_; }

 private:
  RocksDbStore() = default;

  std::function<bool()> sync_wal_;
  std::function<void()> written_;
  std::unique_ptr<rocksdb::CompactionFilter> dead_entries_;
  std::unique_ptr<rocksdb::Env> plain_env_;
  std::unique_ptr<rocksdb::Env> env_;  // Through what the mark follows, on disk.
  std::unique_ptr<rocksdb::DB> db_;
  std::unique_ptr<rocksdb::ColumnFamilyHandle> tables_;
  std::unique_ptr<rocksdb::ColumnFamilyHandle> records_;
};

}  // namespace millrace::storage
