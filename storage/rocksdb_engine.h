// The engine over RocksDB: durable in a data directory, or in memory with the same code.
//
// Positions are (epoch, count), see storage/epochs.h. A new epoch begins also whenever a suffix may
// have been lost (another boot id than at the last commit), so that what the lost suffix had
// numbered is never numbered again.

#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>

#include "base/clock.h"
#include "base/error.h"
#include "storage/engine.h"
#include "storage/keys.h"
#include "storage/mark.h"
#include "storage/syncer.h"

namespace rocksdb {
class FileSystem;
}

namespace millrace::storage {

class Directory;

// Memtables consist of such blocks, where they hold several: large enough for the allocator to map
// each by itself, and of a size that a process can know them by and use them again
// (server/memory.h). Smaller ones lie between everything else and leave holes that little else fits
// into.
inline constexpr std::size_t kMemtableBlockBytes = 4UL << 20U;

// More than this does not wait to be written with others.
inline constexpr std::size_t kStagedBytesMax = 1UL << 20U;

struct RocksDbOptions {
  Fsync fsync = Fsync::kInterval;
  std::chrono::milliseconds sync_interval{100};
  std::size_t write_buffer_bytes = 96UL << 20U;  // Over all column families.
  std::size_t cache_bytes = 32UL << 20U;
  std::size_t memory_bytes_max = 1024UL << 20U;  // What --ephemeral may hold.
  std::uint64_t free_bytes_min = 64UL << 20U;    // Or 2 % of the device, whichever is less.
  std::uint64_t disk_bytes_max = 0;              // Of the store's files; 0: as much as there is.
  Epoch epoch_max = kEpochMax;
  BootId boot_id = current_boot_id();
  // What the store's own files go through, shared with RocksDB; none: the machine's file system.
  std::shared_ptr<rocksdb::FileSystem> file_system;
  // Receives sentences for people: what was cut, what RocksDB complains about.
  std::function<void(const std::string&)> warn = [](const std::string&) {};
};

// Opens the store in `directory`, which it checks first (wal_check.h). Errors: kCannotOpen, with a
// sentence that names the file. `clock` and `directory` outlive the engine; the clock's floor is
// raised to the newest time the store has given.
[[nodiscard]] Result<std::unique_ptr<Engine>> open_rocksdb(Directory& directory,
                                                           const RocksDbOptions& options,
                                                           Clock& clock);

// Opens an empty store that writes no file. Errors: kCannotOpen.
[[nodiscard]] Result<std::unique_ptr<Engine>> open_ephemeral(const RocksDbOptions& options,
                                                             Clock& clock);

}  // namespace millrace::storage
