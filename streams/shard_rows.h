// The row of a shard. The table form is in docs/internals/storage-format.md.
//
//   key    'h', stream id u32, shard u32
//   value  Shard

#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "storage/engine.h"
#include "storage/spaces.h"
#include "streams/shard_map.h"

namespace millrace::streams::rows {

inline constexpr storage::RowSpace kShards{storage::Tenant::kStreams, 'h'};

struct ShardRowKey {
  std::uint32_t stream_id = 0;
  std::uint32_t index = 0;
};
[[nodiscard]] std::string shard_row_key(std::uint32_t stream_id, std::uint32_t index);
// Returns nullopt if it is no such key.
[[nodiscard]] std::optional<ShardRowKey> parse_shard_row_key(std::string_view key);

[[nodiscard]] std::string encode(const Shard& shard);
[[nodiscard]] std::optional<Shard> decode_shard(std::string_view value);

// Puts the rows of the shards whose index is not below `from_index`.
void put_shards(storage::TableBatch& batch, std::uint32_t stream_id, const ShardMap& shards,
                std::uint32_t from_index);

}  // namespace millrace::streams::rows
