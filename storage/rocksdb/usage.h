// How much the store takes, in memory, on the device and by log.
//
// For storage/rocksdb/rocksdb_engine.cpp.

#pragma once

#include "base/error.h"
#include "storage/directory.h"
#include "storage/engine.h"
#include "storage/rocksdb/keys.h"
#include "storage/rocksdb/log_states.h"
#include "storage/rocksdb/rocksdb_store.h"

namespace millrace::storage {

// As Engine::visit_sizes(); `running` is the epoch that runs.
[[nodiscard]] Result<void> visit_sizes(const RocksDbStore& store, const LogStates& states,
                                       Epoch running, const SizeVisitor& visit);

// As Engine::usage(). Without `directory` what would be files is in memory.
[[nodiscard]] Usage usage_of(const RocksDbStore& store, const Directory* directory);

}  // namespace millrace::storage
