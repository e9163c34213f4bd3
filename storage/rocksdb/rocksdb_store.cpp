#include "storage/rocksdb/rocksdb_store.h"

#include <algorithm>
#include <array>
#include <cstdarg>
#include <cstdint>
#include <cstdio>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <rocksdb/cache.h>
#include <rocksdb/compaction_filter.h>
#include <rocksdb/db.h>
#include <rocksdb/env.h>
#include <rocksdb/filter_policy.h>
#include <rocksdb/listener.h>
#include <rocksdb/options.h>
#include <rocksdb/slice_transform.h>
#include <rocksdb/status.h>
#include <rocksdb/table.h>
#include <sys/resource.h>

#include "base/error.h"
#include "storage/engine.h"
#include "storage/errors.h"
#include "storage/rocksdb/file_system.h"
#include "storage/rocksdb/keys.h"
#include "storage/rocksdb/mark.h"
#include "storage/rocksdb/rocksdb_options.h"

namespace millrace::storage {
namespace {

// A file of an epoch keeps some 100 KiB of index in memory while it is open.
constexpr int kOpenFilesMax = 256;

// Passes RocksDB's complaints on and drops its chatter, so that it keeps no log files.
class WarningLogger final : public rocksdb::Logger {
 public:
  explicit WarningLogger(std::function<void(const std::string&)> warn)
      : Logger(rocksdb::InfoLogLevel::WARN_LEVEL), warn_(std::move(warn)) {}

  using Logger::Logv;
  void Logv(const char* format, va_list arguments) override {
    std::array<char, 512> text{};
    std::vsnprintf(text.data(), text.size(), format, arguments);
    warn_(std::string("RocksDB: ") + text.data());
  }

 private:
  const std::function<void(const std::string&)> warn_;
};

// The insert hint of a batch: those of a log come one behind the other.
class LogPrefix final : public rocksdb::SliceTransform {
 public:
  [[nodiscard]] const char* Name() const override { return "millrace.LogPrefix"; }
  [[nodiscard]] rocksdb::Slice Transform(const rocksdb::Slice& key) const override {
    return {key.data(), kRecordKeyPrefixBytes};
  }
  [[nodiscard]] bool InDomain(const rocksdb::Slice& key) const override {
    return key.size() == kRecordKeyBytes;
  }
};

class DeadEntries final : public rocksdb::CompactionFilter {
 public:
  explicit DeadEntries(IsDead is_dead) : is_dead_(std::move(is_dead)) {}

  [[nodiscard]] const char* Name() const override { return "millrace.DeadEntries"; }
  [[nodiscard]] bool Filter(int /*level*/, const rocksdb::Slice& key,
                            const rocksdb::Slice& /*value*/, std::string* /*new_value*/,
                            bool* /*is_changed*/) const override {
    const auto parsed = parse_record_key(key.ToStringView());
    return parsed && is_dead_(parsed->log, parsed->last + 1);
  }

 private:
  const IsDead is_dead_;
};

// After an error RocksDB waits until a whole write buffer's worth of space is free, which a small
// disk may never have. When to try again is ours to say (RocksDbStore::resume).
class NoSelfRecovery final : public rocksdb::EventListener {
 public:
  void OnErrorRecoveryBegin(rocksdb::BackgroundErrorReason /*reason*/, rocksdb::Status /*error*/,
                            bool* is_automatic) override {
    *is_automatic = false;
  }
};

// A quarter of the descriptors, so that connections have the rest.
int open_files_max() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return kOpenFilesMax;
  return static_cast<int>(std::clamp<rlim_t>(limit.rlim_cur / 4, 16, kOpenFilesMax));
}

rocksdb::ColumnFamilyOptions tables_options(const std::shared_ptr<rocksdb::Cache>& cache) {
  rocksdb::ColumnFamilyOptions family;
  family.write_buffer_size = 4UL << 20U;
  rocksdb::BlockBasedTableOptions table;
  table.block_cache = cache;
  table.format_version = 5;
  table.filter_policy.reset(rocksdb::NewBloomFilterPolicy(10));
  family.table_factory.reset(rocksdb::NewBlockBasedTableFactory(table));
  return family;
}

}  // namespace

rocksdb::DBOptions db_options(const RocksDbOptions& options, bool may_create) {
  rocksdb::DBOptions db;
  db.create_if_missing = may_create;
  db.create_missing_column_families = may_create;
  db.paranoid_checks = true;
  db.wal_recovery_mode = rocksdb::WALRecoveryMode::kTolerateCorruptedTailRecords;
  db.recycle_log_file_num = 0;
  db.allow_concurrent_memtable_write = false;  // The insert hint of `records` needs it.
  db.enable_write_thread_adaptive_yield = false;
  db.db_write_buffer_size = options.write_buffer_bytes;
  db.max_total_wal_size = options.write_buffer_bytes;
  db.max_open_files = open_files_max();
  db.max_file_opening_threads = 1;
  db.skip_stats_update_on_db_open = true;
  db.stats_dump_period_sec = 0;
  db.stats_persist_period_sec = 0;
  db.listeners.push_back(std::make_shared<NoSelfRecovery>());
  db.max_bgerror_resume_count = 0;
  db.info_log = std::make_shared<WarningLogger>(options.warn);
  return db;
}

rocksdb::ColumnFamilyOptions records_options(const RocksDbOptions& options,
                                             const std::shared_ptr<rocksdb::Cache>& cache) {
  rocksdb::ColumnFamilyOptions family;
  family.memtable_insert_with_hint_prefix_extractor = std::make_shared<LogPrefix>();
  family.write_buffer_size = options.write_buffer_bytes / 3 * 2;
  family.max_write_buffer_number = 2;
  if (family.write_buffer_size >= 8 * kMemtableBlockBytes) {
    family.arena_block_size = kMemtableBlockBytes;
  }
  // Moving a file down costs nothing, and a read looks into every file of level 0.
  family.level0_file_num_compaction_trigger = 1;
  family.target_file_size_base = options.write_buffer_bytes / 3 * 2;
  // One kind on all levels, or files could not be moved between them as they are.
  family.compression = rocksdb::kLZ4Compression;
  rocksdb::BlockBasedTableOptions table;
  table.block_size = 16UL << 10U;
  table.block_cache = cache;
  table.format_version = 5;
  family.table_factory.reset(rocksdb::NewBlockBasedTableFactory(table));
  return family;
}

std::unique_ptr<rocksdb::Env> plain_env_of(const RocksDbOptions& options) {
  return rocksdb::NewCompositeEnv(options.file_system ? options.file_system
                                                      : rocksdb::Env::Default()->GetFileSystem());
}

std::shared_ptr<rocksdb::FileSystem> memory_file_system() {
  const std::unique_ptr<rocksdb::Env> env(rocksdb::NewMemEnv(rocksdb::Env::Default()));
  return env->GetFileSystem();
}

bool is_epoch_full(rocksdb::DB& db, rocksdb::ColumnFamilyHandle* records,
                   const RocksDbOptions& options) {
  std::uint64_t bytes = 0;
  db.GetIntProperty(records, rocksdb::DB::Properties::kCurSizeActiveMemTable, &bytes);
  return bytes >= options.write_buffer_bytes / 2;
}

void switch_memtable(rocksdb::DB& db, rocksdb::ColumnFamilyHandle* family) {
  rocksdb::FlushOptions flush;
  flush.wait = false;
  flush.allow_write_stall = true;
  db.Flush(flush, family).PermitUncheckedError();
}

rocksdb::ReadOptions scan_options() {
  rocksdb::ReadOptions options;
  options.ignore_range_deletions = true;
  return options;
}

Error to_error(const rocksdb::Status& status) {
  if (status.IsNoSpace()) return {kFull, "The data directory is full."};
  if (status.IsIncomplete()) return {kBusy, "The store is busy."};
  if (status.IsCorruption()) return {kDamaged, "Stored data is damaged."};
  return {kFailed, "The data directory cannot be used: " + status.ToString()};
}

Result<std::unique_ptr<RocksDbStore>> RocksDbStore::open(const std::string& path,
                                                         const RocksDbOptions& options,
                                                         bool may_create, Mark* mark,
                                                         IsDead is_dead) {
  std::unique_ptr<RocksDbStore> store(new RocksDbStore);
  store->dead_entries_ = std::make_unique<DeadEntries>(std::move(is_dead));
  rocksdb::DBOptions db = db_options(options, may_create);
  if (mark != nullptr) {
    store->plain_env_ = plain_env_of(options);
    TrackedFiles files = track_files(store->plain_env_->GetFileSystem(), *mark);
    store->env_ = rocksdb::NewCompositeEnv(files.file_system);
    store->sync_wal_ = std::move(files.sync_wal);
    store->written_ = std::move(files.written);
    db.env = store->env_.get();
  } else {
    RocksDbOptions in_memory = options;
    if (!in_memory.file_system) in_memory.file_system = memory_file_system();
    store->plain_env_ = plain_env_of(in_memory);
    // RocksDB would complain that it is not there before it makes it.
    store->plain_env_->CreateDirIfMissing(path).PermitUncheckedError();
    db.env = store->plain_env_.get();
  }

  const auto cache = rocksdb::NewLRUCache(options.cache_bytes);
  rocksdb::ColumnFamilyOptions records = records_options(options, cache);
  records.compaction_filter = store->dead_entries_.get();
  const std::vector<rocksdb::ColumnFamilyDescriptor> families = {
      {rocksdb::kDefaultColumnFamilyName, tables_options(cache)},
      {"records", records},
  };
  std::vector<rocksdb::ColumnFamilyHandle*> handles;
  rocksdb::DB* opened = nullptr;
  const rocksdb::Status status = rocksdb::DB::Open(db, path, families, &handles, &opened);
  if (!status.ok()) {
    return fail(kCannotOpen, "cannot open the store in " + path + ": " + status.ToString());
  }
  store->db_.reset(opened);
  store->tables_.reset(handles[0]);
  store->records_.reset(handles[1]);
  return store;
}

Result<std::optional<std::string>> RocksDbStore::get(const std::string& key) const {
  std::string value;
  const rocksdb::Status status = db_->Get(rocksdb::ReadOptions(), tables_.get(), key, &value);
  if (status.IsNotFound()) return std::nullopt;
  if (!status.ok()) return std::unexpected(to_error(status));
  return value;
}

Result<void> RocksDbStore::scan(std::string_view prefix, const RowVisitor& visit) const {
  const std::unique_ptr<rocksdb::Iterator> rows(db_->NewIterator(scan_options(), tables_.get()));
  for (rows->Seek(to_slice(prefix)); rows->Valid(); rows->Next()) {
    const std::string_view key = rows->key().ToStringView();
    if (!key.starts_with(prefix)) break;
    if (!visit(key, rows->value().ToStringView())) return {};
  }
  if (!rows->status().ok()) return std::unexpected(to_error(rows->status()));
  return {};
}

rocksdb::Status RocksDbStore::write(rocksdb::WriteBatch& batch, bool may_wait) {
  rocksdb::WriteOptions options;
  options.disableWAL = !written_;
  options.no_slowdown = !may_wait;
  rocksdb::Status status = db_->Write(options, &batch);
  if (status.ok() && written_) written_();
  return status;
}

bool RocksDbStore::is_settling() const {
  std::uint64_t memtables = 0;
  db_->GetIntProperty(records_.get(), rocksdb::DB::Properties::kNumImmutableMemTable, &memtables);
  std::string files;
  db_->GetProperty(records_.get(), rocksdb::DB::Properties::kNumFilesAtLevelPrefix + "0", &files);
  return memtables > 0 || files != "0";
}

rocksdb::Status RocksDbStore::flush() {
  rocksdb::FlushOptions flush;
  flush.wait = true;
  return db_->Flush(flush, {tables_.get(), records_.get()});
}

RocksDbStore::~RocksDbStore() {
  tables_.reset();
  records_.reset();
  if (db_) db_->Close().PermitUncheckedError();
}

}  // namespace millrace::storage
