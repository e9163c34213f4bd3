// A RocksDB database with our options: opening, closing, and its Status as our errors.
// For storage/*.cpp only: no other folder may see RocksDB.

#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <rocksdb/cache.h>
#include <rocksdb/db.h>
#include <rocksdb/options.h>
#include <rocksdb/status.h>

#include "base/error.h"
#include "storage/mark.h"
#include "storage/rocksdb_engine.h"

namespace millrace::storage {

// `status` as an error; `ok()` statuses must not come here.
[[nodiscard]] Error to_error(const rocksdb::Status& status);

[[nodiscard]] inline rocksdb::Slice to_slice(std::string_view text) {
  return {text.data(), text.size()};
}

// How the database and its records are kept; RocksDB alone is measured with the same (bench/).
[[nodiscard]] rocksdb::DBOptions db_options(const RocksDbOptions& options, bool may_create);
[[nodiscard]] rocksdb::ColumnFamilyOptions records_options(
    const RocksDbOptions& options, const std::shared_ptr<rocksdb::Cache>& cache);

using KeyRange = std::pair<std::string, std::string>;  // [first, second)

class RocksDbStore {
 public:
  // Opens `path`, through the tracking file system when `mark` is given, in memory otherwise.
  [[nodiscard]] static Result<std::unique_ptr<RocksDbStore>> open(const std::string& path,
                                                                  const RocksDbOptions& options,
                                                                  bool may_create, Mark* mark);
  RocksDbStore(const RocksDbStore&) = delete;
  RocksDbStore& operator=(const RocksDbStore&) = delete;
  ~RocksDbStore();

  [[nodiscard]] rocksdb::DB& db() const { return *db_; }
  [[nodiscard]] rocksdb::ColumnFamilyHandle* tables() const { return tables_.get(); }
  [[nodiscard]] rocksdb::ColumnFamilyHandle* records() const { return records_.get(); }

  // Puts all that was written on the device; false if that failed. True at once in memory.
  [[nodiscard]] bool sync() const { return !sync_wal_ || sync_wal_(); }

  // Tries to take writes again after one has failed: writes the memtables out and begins a new
  // write-ahead log.
  [[nodiscard]] rocksdb::Status resume() { return db_->Resume(); }

  // Has what lies in `ranges` compacted in the background, for the sake of the room that range
  // deletes leave, and the memtables written out, for that of the write-ahead log. Thread-safe.
  void compact_later(std::vector<KeyRange> ranges);

  // Goes on with that; called once a second. Files that were being written or compacted before can
  // only be asked for afterwards.
  void go_on_compacting();

  // Writes the memtables out, so that the next open has nothing to replay.
  void flush();

 private:
  RocksDbStore() = default;

  struct Pending {
    KeyRange range;
    int looks_left;
  };

  std::function<bool()> sync_wal_;
  std::mutex pending_mutex_;
  std::vector<Pending> pending_;  // What is still to be compacted.
  std::unique_ptr<rocksdb::Env> env_;
  std::unique_ptr<rocksdb::DB> db_;
  std::unique_ptr<rocksdb::ColumnFamilyHandle> tables_;
  std::unique_ptr<rocksdb::ColumnFamilyHandle> records_;
};

}  // namespace millrace::storage
