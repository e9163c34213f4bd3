#include "server/store.h"

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include <spdlog/logger.h>

#include "base/error.h"
#include "base/random.h"
#include "server/config.h"
#include "storage/directory.h"
#include "storage/engine.h"
#include "storage/rocksdb_engine.h"
#include "storage/syncer.h"
#include "streams/catalogue.h"
#include "streams/quota.h"
#include "streams/shard_map.h"
#include "streams/stream.h"

namespace millrace::server {
namespace {

std::string_view promise(storage::Fsync fsync) {
  switch (fsync) {
    case storage::Fsync::kAlways:
      return "every answer is on the device";
    case storage::Fsync::kInterval:
      return "a power cut loses at most the last interval, kill -9 nothing";
    case storage::Fsync::kNever:
      return "a power cut may lose what the system had not written, kill -9 nothing";
  }
  return "";
}

}  // namespace

Result<std::unique_ptr<Store>> open_store(const Config& config, spdlog::logger& log) {
  auto store = std::make_unique<Store>();
  SystemRandom random;
  storage::RocksDbOptions options;
  options.fsync = config.fsync;
  options.sync_interval = config.fsync_interval;
  options.memory_bytes_max = config.memory_budget_bytes;
  if (!config.is_ephemeral) {
    options.cache_bytes = config.memory_budget_bytes / 4;
    options.write_buffer_bytes = config.memory_budget_bytes - options.cache_bytes;
  }
  options.disk_bytes_max = config.disk_budget_bytes;
  options.warn = [&log](const std::string& text) { log.warn("{}", text); };
  if (config.is_ephemeral) {
    auto engine = storage::open_ephemeral(options, store->clock);
    if (!engine) return std::unexpected(engine.error());
    store->engine = std::move(*engine);
    random.fill(store->seal_key);
    log.info("data is in memory only and ends with the process");
    return store;
  }
  auto directory = storage::Directory::open(config.data_dir);
  if (!directory) return std::unexpected(directory.error());
  store->directory.emplace(std::move(*directory));
  const auto key = store->directory->seal_key(random);
  if (!key) return std::unexpected(key.error());
  store->seal_key = *key;
  auto engine = storage::open_rocksdb(*store->directory, options, store->clock);
  if (!engine) return std::unexpected(engine.error());
  store->engine = std::move(*engine);
  log.info("data is in {}: {}", store->directory->path().string(), promise(config.fsync));
  return store;
}

Result<std::uint64_t> count_records(Store& store) {
  streams::Quotas quotas(streams::LimitsMode::kOff, store.clock, [](std::string_view) {});
  auto catalogue = streams::Catalogue::open(*store.engine, store.clock, quotas, {});
  if (!catalogue) return std::unexpected(catalogue.error());
  std::uint64_t count = 0;
  for (const auto& stream : (*catalogue)->list_all()) {
    const auto state = stream->state();
    for (const streams::Shard& shard : state.shards->shards()) {
      const auto log = streams::log_of(state.facts->id, shard.index);
      const auto read =
          store.engine->read(log, 0, ~storage::Position{0}, [&](const storage::Entries& entries) {
            count += entries.count;
            return true;
          });
      if (!read) return std::unexpected(read.error());
    }
  }
  return count;
}

}  // namespace millrace::server
