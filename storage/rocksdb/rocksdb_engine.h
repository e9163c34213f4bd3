// The engine over RocksDB: durable in a data directory, or in memory with the same code.
//
// Positions are (epoch, count), see storage/rocksdb/epochs.h. A new epoch begins also whenever a
// suffix may have been lost (another boot id than at the last commit), so that what the lost suffix
// had numbered is never numbered again.

#pragma once

#include <memory>

#include "base/error.h"
#include "storage/engine.h"
#include "storage/rocksdb/rocksdb_options.h"

namespace millrace::storage {

class Directory;

// Opens the store in `directory`, which it checks first (wal_check.h). Errors: kCannotOpen, with a
// sentence that names the file. `directory` outlives the engine.
[[nodiscard]] Result<std::unique_ptr<Engine>> open_rocksdb(Directory& directory,
                                                           const RocksDbOptions& options);

// Opens a store in `directory`, which is new, that holds what the checkpoint at `origin.place`
// does. The checkpoint stays as it is. Errors: kCannotOpen; the directory is not complete then.
[[nodiscard]] Result<std::unique_ptr<Engine>> open_rocksdb_from(const Origin& origin,
                                                                Directory& directory,
                                                                const RocksDbOptions& options);

// Opens an empty store that writes no file. Errors: kCannotOpen.
[[nodiscard]] Result<std::unique_ptr<Engine>> open_ephemeral(const RocksDbOptions& options);

// The same with what the checkpoint at `origin.place` holds, in `options.file_system`: that of the
// engine which wrote it. `options.memory_place` is of no other engine.
[[nodiscard]] Result<std::unique_ptr<Engine>> open_ephemeral_from(const Origin& origin,
                                                                  const RocksDbOptions& options);

}  // namespace millrace::storage
