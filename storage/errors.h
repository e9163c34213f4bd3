// What can go wrong below the shard manager. None of these names reaches a client: the service
// answers all of them as InternalFailure (api/error_reply.cpp).

#pragma once

#include "base/error.h"

namespace millrace::storage {

// The disk, or the memory budget of --ephemeral, is full. Reads go on; writes come back by
// themselves.
inline constexpr ErrorCode kFull{"storage_full", Blame::kOperator};

// Flushing has fallen behind. Nothing was stored; the same call succeeds a little later.
inline constexpr ErrorCode kBusy{"storage_busy", Blame::kServer};

// Stored bytes are not what was written. Nothing is answered in their place.
inline constexpr ErrorCode kDamaged{"storage_damaged", Blame::kServer};

// The device refused. After a failed sync the store takes no writes until it is opened again.
inline constexpr ErrorCode kFailed{"storage_failed", Blame::kServer};

// A row is not as the batch of changes expects it (TableBatch::expect). Nothing of it was written.
inline constexpr ErrorCode kConflict{"storage_conflict", Blame::kServer};

// The directory cannot be opened: in use, foreign, newer, or damaged. The process does not start.
inline constexpr ErrorCode kCannotOpen{"storage_cannot_open"};

}  // namespace millrace::storage
