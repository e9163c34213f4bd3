// The file system RocksDB writes through, in production too.
//
// It follows the write-ahead logs and the manifest for the mark and keeps one promise RocksDB does
// not: a log is on the device before the next one takes bytes, so that a power cut never leaves a
// hole between two. It also syncs the log itself: RocksDB's SyncWAL ends the process by an
// assertion (7.8) when a write to the log has failed before, as it does on a full disk. After a
// write that succeeded all its bytes are with the operating system, so syncing the file is all
// there is to do.

#pragma once

#include <functional>
#include <memory>

#include "storage/rocksdb/mark.h"

namespace rocksdb {
class FileSystem;
}

namespace millrace::storage {

struct TrackedFiles {
  std::shared_ptr<rocksdb::FileSystem> file_system;
  // Puts all that was written to the write-ahead logs on the device; false if that failed.
  std::function<bool()> sync_wal;
  // To be called after each write that succeeded, before the next.
  std::function<void()> written;
};

// Wraps `base`. `mark` outlives the result.
[[nodiscard]] TrackedFiles track_files(const std::shared_ptr<rocksdb::FileSystem>& base,
                                       Mark& mark);

}  // namespace millrace::storage
