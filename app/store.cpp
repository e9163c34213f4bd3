#include "app/store.h"

#include <cerrno>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

#include <fmt/format.h>
#include <spdlog/logger.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "app/config.h"
#include "base/error.h"
#include "base/random.h"
#include "base/sealer.h"
#include "base/try.h"
#include "base/wall_clock.h"
#include "storage/directory.h"
#include "storage/engine.h"
#include "storage/rocksdb/rocksdb_engine.h"
#include "storage/rocksdb/rocksdb_options.h"
#include "storage/store.h"
#include "streams/catalogue.h"
#include "streams/shard_map.h"
#include "streams/stream.h"
#include "world/world.h"

namespace millrace::app {
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

// What to do where the system's word for it leaves that open; often nothing.
std::string advice_for(std::filesystem::path directory) {
  std::error_code ignored;
  while (directory.has_relative_path() && !std::filesystem::exists(directory, ignored)) {
    directory = directory.parent_path();
  }
  struct statvfs system{};
  if (::statvfs(directory.c_str(), &system) == 0 && (system.f_flag & ST_RDONLY) != 0) {
    return ". The file system is read-only: mount a place to write (-v millrace:/data for a "
           "container) or start with --ephemeral";
  }
  struct stat facts{};
  if (::access(directory.c_str(), W_OK) != 0 && errno == EACCES &&
      ::stat(directory.c_str(), &facts) == 0) {
    return fmt::format(". {} belongs to user {}, and the server runs as user {}",
                       directory.string(), facts.st_uid, ::geteuid());
  }
  return "";
}

storage::RocksDbOptions options_of(const Config& config, spdlog::logger& log) {
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
  return options;
}

Result<void> open_in_memory(OpenStore& open, const Config& config, spdlog::logger& log) {
  auto engine = TRY(storage::open_ephemeral(options_of(config, log)));
  open.store = TRY(storage::Store::open(std::move(engine)));
  SystemRandom().fill(open.seal_key);
  log.info("data is in memory only and is lost when the process ends");
  return {};
}

Result<void> open_in_directory(OpenStore& open, const Config& config, spdlog::logger& log) {
  auto directory = storage::Directory::open(config.data_dir);
  if (!directory) {
    Error error = directory.error();
    error.message += advice_for(config.data_dir);
    return std::unexpected(std::move(error));
  }
  open.directory.emplace(std::move(*directory));
  SystemRandom random;
  open.seal_key = TRY(open.directory->seal_key(random));
  auto engine = TRY(storage::open_rocksdb(*open.directory, options_of(config, log)));
  open.store = TRY(storage::Store::open(std::move(engine)));
  log.info("data is in {}: {}", open.directory->path().string(), promise(config.fsync));
  return {};
}

}  // namespace

Result<std::unique_ptr<OpenStore>> open_store(const Config& config, spdlog::logger& log) {
  auto open = std::make_unique<OpenStore>();
  TRY(config.is_ephemeral ? open_in_memory(*open, config, log)
                          : open_in_directory(*open, config, log));
  return open;
}

Result<std::uint64_t> count_records(const OpenStore& open) {
  const SystemWallClock wall;
  SystemRandom random;
  const Sealer sealer(open.seal_key, random);
  const auto world = TRY(world::World::open(open.store, {wall, sealer}, {}));
  std::uint64_t count = 0;
  for (const auto& stream : world->catalogue().list_all()) {
    const auto state = stream->state();
    for (const streams::Shard& shard : state.shards->shards()) {
      const auto log = streams::log_of(state.facts->id, shard.index);
      TRY(world->engine().read(log, 0, ~storage::Position{0}, [&](const storage::Entries& entries) {
        count += entries.count;
        return true;
      }));
    }
  }
  return count;
}

}  // namespace millrace::app
