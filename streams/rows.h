// The shard manager's rows in the store's tables. The table form is in
// docs/internals/storage-format.md.
//
//   kind and rest of the key         value
//   's', stream id u32               StreamFacts
//   'h', stream id u32, shard u32    Shard
//   'd', stream id u32, shard u32    shards that are gone, from this one on, whose logs may not be
//                                    dropped yet: how many, u64
//   'a', account, region             Commitment
//
// Before the kind stands the tenant, Tenant::kStreams (storage/spaces.h).
//
// Numbers are big-endian; a text is a u32 length and its bytes. Each value begins with its version.

#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "storage/engine.h"
#include "storage/spaces.h"
#include "streams/accounts.h"
#include "streams/shard_map.h"
#include "streams/stream_facts.h"

namespace millrace::streams::rows {

inline constexpr storage::RowSpace kStreams{storage::Tenant::kStreams, 's'};
inline constexpr storage::RowSpace kShards{storage::Tenant::kStreams, 'h'};
inline constexpr storage::RowSpace kDropped{storage::Tenant::kStreams, 'd'};
inline constexpr storage::RowSpace kAccounts{storage::Tenant::kStreams, 'a'};

[[nodiscard]] std::string stream_row_key(std::uint32_t stream_id);
[[nodiscard]] std::string shard_row_key(std::uint32_t stream_id, std::uint32_t index);
[[nodiscard]] std::string shard_row_prefix(std::uint32_t stream_id);

// Shards of a stream that are gone.
struct DroppedShards {
  std::uint32_t stream_id = 0;
  std::uint32_t first = 0;
  std::uint32_t count = 0;
};
[[nodiscard]] std::string dropped_row_key(const DroppedShards& shards);
// Without the count, which is the row's value.
[[nodiscard]] std::optional<DroppedShards> parse_dropped_row_key(std::string_view key);
void put_dropped(storage::TableBatch& batch, const DroppedShards& shards);

[[nodiscard]] std::string account_row_key(std::string_view account, std::string_view region);
[[nodiscard]] std::optional<std::pair<std::string, std::string>> parse_account_row_key(
    std::string_view key);

[[nodiscard]] std::string encode(const StreamFacts& facts);
[[nodiscard]] std::optional<StreamFacts> decode_stream(std::string_view value);

[[nodiscard]] std::string encode(const Shard& shard);
[[nodiscard]] std::optional<Shard> decode_shard(std::string_view value);

// Puts the rows of the shards whose index is not below `from_index`.
void put_shards(storage::TableBatch& batch, std::uint32_t stream_id, const ShardMap& shards,
                std::uint32_t from_index);

[[nodiscard]] std::string encode(const Commitment& commitment);
[[nodiscard]] std::optional<Commitment> decode_commitment(std::string_view value);

[[nodiscard]] std::string encode_number(std::uint64_t number);
[[nodiscard]] std::optional<std::uint64_t> decode_number(std::string_view value);

}  // namespace millrace::streams::rows
