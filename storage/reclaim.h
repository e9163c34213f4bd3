// Gives space back. For storage/*.cpp only.
//
// A range delete costs every later read of its column family some time, so there is one for a log
// only when it frees much: DeleteFilesInRange first, then one range delete for all logs together.

#pragma once

#include <memory>
#include <span>
#include <vector>

#include "base/error.h"
#include "storage/engine.h"
#include "storage/log_states.h"
#include "storage/rocksdb_store.h"

namespace millrace::storage {

// Frees what lies below the trim points of `logs`, where it is worth while.
[[nodiscard]] Result<void> reclaim_trimmed(RocksDbStore& store,
                                           const rocksdb::WriteOptions& options,
                                           std::span<const std::shared_ptr<LogState>> logs);

// Frees whole logs, with their head rows.
[[nodiscard]] Result<void> reclaim_dropped(RocksDbStore& store,
                                           const rocksdb::WriteOptions& options,
                                           std::span<const LogId> logs);

}  // namespace millrace::storage
