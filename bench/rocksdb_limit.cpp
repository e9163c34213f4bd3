// Writes with RocksDB alone what the server writes for a request: no socket, no JSON, no shards but
// their keys. What a batch costs here is what the store costs; the rest is a server's own work.
//
// A request's records go to the shards in equal parts, as random partition keys deal them out. The
// server's way is one key per shard and request (storage/batch.h), and keys that begin with an
// epoch (storage/rocksdb/epochs.h); the plain way is one key per record, all in one epoch: by shard
// and position. Options are the store's own, and freed memory is kept as the server keeps it.

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>
#include <rocksdb/cache.h>
#include <rocksdb/db.h>
#include <rocksdb/options.h>
#include <rocksdb/slice.h>
#include <rocksdb/status.h>
#include <rocksdb/write_batch.h>
#include <sys/resource.h>

#include "app/memory.h"
#include "base/bytes.h"
#include "storage/batch.h"
#include "storage/rocksdb/keys.h"
#include "storage/rocksdb/rocksdb_options.h"
#include "storage/rocksdb/rocksdb_store.h"

namespace millrace {
namespace {

using SteadyClock = std::chrono::steady_clock;

// What an entry has besides its data: its length, flags, the length of the key, 16 bytes of key.
constexpr std::size_t kEntryBytes = storage::kEntryHeaderBytes + 19;
constexpr std::size_t kPoolBytes = 16UL << 20U;
constexpr std::size_t kRequestsPerLook = 8;

// More than are written.
constexpr std::uint64_t kEpochsPerSecond = 32;
constexpr std::uint64_t kRecordsPerSecond = 10'000'000;

struct Options {
  std::string directory;
  std::size_t records = 500;
  std::size_t bytes = 100;
  std::size_t shards = 4;
  double seconds = 1.5;
  bool has_key_per_record = false;
};

const storage::RocksDbOptions kStoreOptions;

// Those of the store, so that the limit is one of the same database.
rocksdb::Options store_options() {
  return {storage::db_options(kStoreOptions, true),
          storage::records_options(kStoreOptions, rocksdb::NewLRUCache(kStoreOptions.cache_bytes))};
}

double cpu_seconds() {
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

std::string random_bytes(std::size_t count) {
  std::mt19937_64 random(1);  // NOLINT(bugprone-random-generator-seed): the same data each time.
  std::string bytes;
  while (bytes.size() < count) append_big_endian(bytes, random());
  return bytes;
}

class Writer {
 public:
  explicit Writer(const Options& options)
      : options_(options),
        pool_(random_bytes(kPoolBytes)),
        // A later run in the same directory goes on behind this one.
        epoch_(options.has_key_per_record ? 0 : now() * kEpochsPerSecond % storage::kEpochMax),
        count_(now() * kRecordsPerSecond % storage::start_of(1)) {}

  // One request's records as a batch of RocksDB.
  rocksdb::WriteBatch& next() {
    batch_.Clear();
    const std::size_t shards = std::min(options_.shards, options_.records);
    for (std::size_t shard = 0; shard < shards; ++shard) {
      // A single record goes to another shard each time.
      const std::size_t log = shards == 1 ? turn_ % options_.shards : shard;
      const std::size_t count = (options_.records + shard) / shards;
      const std::size_t keys = options_.has_key_per_record ? count : 1;
      const std::size_t value_bytes =
          (kEntryBytes + options_.bytes) * count / keys + storage::kValueHeaderBytes;
      for (std::size_t i = 0; i < keys; ++i) put(log, value_bytes);
    }
    ++turn_;
    return batch_;
  }

  void begin_epoch() { ++epoch_; }

 private:
  // In seconds.
  static std::uint64_t now() {
    return static_cast<std::uint64_t>(std::chrono::system_clock::now().time_since_epoch() /
                                      std::chrono::seconds(1));
  }

  void put(std::size_t log, std::size_t value_bytes) {
    const auto key = storage::record_key(log, storage::start_of(epoch_) + ++count_);
    const std::size_t at = (turn_ * 4096 + count_ * 64) % (pool_.size() - value_bytes);
    batch_.Put(storage::to_slice(to_view(key)), rocksdb::Slice(pool_.data() + at, value_bytes))
        .PermitUncheckedError();
  }

  const Options& options_;
  const std::string pool_;
  storage::Epoch epoch_;
  std::uint64_t count_;
  std::size_t turn_ = 0;
  rocksdb::WriteBatch batch_;
};

int run(const Options& options) {
  rocksdb::DB* opened = nullptr;
  rocksdb::Status status = rocksdb::DB::Open(store_options(), options.directory, &opened);
  const std::unique_ptr<rocksdb::DB> db(opened);
  Writer writer(options);
  std::vector<std::uint32_t> micros;
  const double cpu_before = cpu_seconds();
  const auto began = SteadyClock::now();
  const auto end = began + std::chrono::duration_cast<SteadyClock::duration>(
                               std::chrono::duration<double>(options.seconds));
  while (status.ok() && SteadyClock::now() < end) {
    const auto before = SteadyClock::now();
    status = db->Write({}, &writer.next());
    if (!options.has_key_per_record && micros.size() % kRequestsPerLook == 0 &&
        storage::is_epoch_full(*db, db->DefaultColumnFamily(), kStoreOptions)) {
      storage::switch_memtable(*db, db->DefaultColumnFamily());
      writer.begin_epoch();
    }
    micros.push_back(static_cast<std::uint32_t>(
        std::chrono::duration_cast<std::chrono::microseconds>(SteadyClock::now() - before)
            .count()));
  }
  if (!status.ok()) {
    std::fprintf(stderr, "rocksdb_limit: %s\n", status.ToString().c_str());
    return 1;
  }
  const double seconds = std::chrono::duration<double>(SteadyClock::now() - began).count();
  const double cpu_micros = (cpu_seconds() - cpu_before) * 1e6 / static_cast<double>(micros.size());
  std::ranges::sort(micros);
  const auto percentile = [&](double share) {
    return micros[static_cast<std::size_t>(share * static_cast<double>(micros.size() - 1))];
  };
  std::printf(
      "{\"batches\":%zu,\"seconds\":%.4f,\"cpu_us\":%.3f,\"p50_us\":%u,\"p99_us\":%u,"
      "\"p999_us\":%u}\n",
      micros.size(), seconds, cpu_micros, percentile(0.5), percentile(0.99), percentile(0.999));
  return 0;
}

}  // namespace
}  // namespace millrace

int main(int argc, char** argv) {
  millrace::Options options;
  CLI::App app("Writes batches with RocksDB alone and says what one costs");
  app.add_option("--directory", options.directory, "Of the database; made if missing")->required();
  app.add_option("--records", options.records, "Records of a batch")->check(CLI::Range(1, 500));
  app.add_option("--bytes", options.bytes, "Data of a record")->check(CLI::Range(1, 10240));
  app.add_option("--shards", options.shards, "Shards they go to")->check(CLI::Range(1, 10000));
  app.add_option("--seconds", options.seconds, "How long")->check(CLI::Range(0.01, 3600.0));
  app.add_flag("--key-per-record", options.has_key_per_record, "A key per record, not per shard");
  CLI11_PARSE(app, argc, argv);
  millrace::app::keep_freed_memory();
  return millrace::run(options);
}
