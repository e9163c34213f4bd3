// What the engine over RocksDB can be told.

#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "storage/rocksdb/keys.h"
#include "storage/rocksdb/mark.h"

namespace rocksdb {
class FileSystem;
}

namespace millrace::storage {

// Memtables consist of such blocks, where they hold several: large enough for the allocator to map
// each by itself, and of a size that a process can know them by and use them again
// (app/memory.h). Smaller ones lie between everything else and leave holes that little else fits
// into.
inline constexpr std::size_t kMemtableBlockBytes = 4UL << 20U;

// More than this does not wait to be written with others.
inline constexpr std::size_t kStagedBytesMax = 1UL << 20U;

// When a commit reaches the device.
enum class Fsync : std::uint8_t {
  kAlways,    // Before its answer: nothing acknowledged is lost in a power cut.
  kInterval,  // At most an interval later: a power cut loses at most that, always a suffix.
  kNever,     // When the system likes. kill -9 loses nothing in any of the three.
};

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
  // What the store's own files go through, shared with RocksDB; none: the machine's file system, or
  // one in memory for --ephemeral.
  std::shared_ptr<rocksdb::FileSystem> file_system;
  std::string memory_place = "/millrace";  // Of the store's files in memory.
  // Receives sentences for people: what was cut, what RocksDB complains about.
  std::function<void(const std::string&)> warn = [](const std::string&) {};
};

// A file system in memory, for several stores with --ephemeral.
[[nodiscard]] std::shared_ptr<rocksdb::FileSystem> memory_file_system();

}  // namespace millrace::storage
