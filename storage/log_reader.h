// Reads a log's batches on, from one epoch to the next. For storage/*.cpp only.

#pragma once

#include <functional>

#include "base/clock.h"
#include "base/error.h"
#include "storage/batch.h"
#include "storage/engine.h"
#include "storage/log_states.h"
#include "storage/rocksdb_store.h"

namespace millrace::storage {

// Is given the position of a batch's first entry; returns whether to go on.
using BatchVisitor = std::function<bool(Position first, const DecodedValue& value)>;

// Visits the batches of [from, end), from the one that holds `from` on, but not what is trimmed.
// Each epoch that has some costs a seek. Errors: kDamaged, kFailed.
[[nodiscard]] Result<void> scan_log(const RocksDbStore& store, const LogState& state, Position from,
                                    Position end, const BatchVisitor& visit);

// What Engine::position_at() returns.
[[nodiscard]] Result<Position> log_position_at(const RocksDbStore& store, const LogState& state,
                                               Position from, TimePoint time);

}  // namespace millrace::storage
