// What SplitShard and MergeShards share.

#pragma once

#include <cstdint>

#include "base/error.h"
#include "streams/shard_map.h"
#include "streams/stream.h"

namespace millrace::kinesis {

// The shard. Errors: shard_not_in_stream.
[[nodiscard]] Result<const streams::Shard*> known_shard(const streams::StreamState& state,
                                                        std::uint32_t index);

// The shard, which is open. Errors: shard_not_in_stream; kInvalidArgument if it is closed.
[[nodiscard]] Result<const streams::Shard*> open_shard(const streams::StreamState& state,
                                                       std::uint32_t index);

}  // namespace millrace::kinesis
