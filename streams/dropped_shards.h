// Shards that are gone, whose logs may not be dropped yet: a row says which, from the write that
// took away the shards' own rows until their logs are dropped.
//
//   key    'd', stream id u32, first shard u32
//   value  how many, u64

#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/error.h"
#include "storage/engine.h"
#include "storage/spaces.h"

namespace millrace::streams {

namespace rows {
inline constexpr storage::RowSpace kDropped{storage::Tenant::kStreams, 'd'};
}

struct DroppedShards {
  std::uint32_t stream_id = 0;
  std::uint32_t first = 0;
  std::uint32_t count = 0;
};

namespace rows {

[[nodiscard]] std::string dropped_row_key(const DroppedShards& shards);
// Without the count, which is the row's value.
[[nodiscard]] std::optional<DroppedShards> parse_dropped_row_key(std::string_view key);
void put_dropped(storage::TableBatch& batch, const DroppedShards& shards);

[[nodiscard]] std::string encode_number(std::uint64_t number);
[[nodiscard]] std::optional<std::uint64_t> decode_number(std::string_view value);

}  // namespace rows

// Drops the logs and takes away the rows that said so. Errors: the engine's; rows are still there
// then.
Result<void> drop_logs(storage::Engine& engine, std::span<const DroppedShards> dropped);

// The same for all that rows tell of. Errors: the engine's.
Result<void> finish_drops(storage::Engine& engine);

}  // namespace millrace::streams
