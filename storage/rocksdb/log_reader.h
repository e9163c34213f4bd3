// Reads a log's batches on, from one epoch to the next. For storage/*.cpp only.

#pragma once

#include <functional>

#include "base/error.h"
#include "base/time_point.h"
#include "storage/batch.h"
#include "storage/engine.h"
#include "storage/rocksdb/log_states.h"
#include "storage/rocksdb/rocksdb_store.h"

namespace millrace::storage {

// Visits the batches of [from, end), from the one that holds `from` on, but not what is trimmed.
// Each epoch that has some costs a seek. Errors: kDamaged, kFailed.
[[nodiscard]] Result<void> scan_log(const RocksDbStore& store, const LogState& state, Position from,
                                    Position end, const Visitor& visit);

// Those of `entries` that lie in [from, end).
[[nodiscard]] Entries within(Entries entries, Position from, Position end);

// What Engine::position_at() returns.
[[nodiscard]] Result<Position> log_position_at(const RocksDbStore& store, const LogState& state,
                                               Position from, TimePoint time);

}  // namespace millrace::storage
