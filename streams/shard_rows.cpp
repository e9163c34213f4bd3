#include "streams/shard_rows.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "storage/engine.h"
#include "streams/row_codec.h"
#include "streams/shard_map.h"

namespace millrace::streams::rows {

std::string shard_row_key(std::uint32_t stream_id, std::uint32_t index) {
  std::string key(kShards.prefix());
  put_number(key, stream_id);
  put_number(key, index);
  return key;
}

std::optional<ShardRowKey> parse_shard_row_key(std::string_view key) {
  if (!key.starts_with(kShards.prefix())) return std::nullopt;
  ByteReader reader(key.substr(kShards.prefix().size()));
  ShardRowKey parsed;
  parsed.stream_id = reader.take<std::uint32_t>();
  parsed.index = reader.take<std::uint32_t>();
  return is_whole(reader) ? std::optional(parsed) : std::nullopt;
}

std::string encode(const Shard& shard) {
  std::string out;
  put_number(out, kVersion);
  put_number(out, shard.index);
  put_hash(out, shard.range.start);
  put_hash(out, shard.range.end);
  put_number(out, static_cast<std::uint64_t>(shard.creation_second));
  put_number(out, static_cast<std::uint64_t>(shard.opened_second));
  put_optional(out, shard.parent, [&](std::uint32_t parent) { put_number(out, parent); });
  put_optional(out, shard.adjacent_parent, [&](std::uint32_t parent) { put_number(out, parent); });
  put_optional(out, shard.end, [&](const ShardEnd& end) {
    put_number(out, end.position);
    put_number(out, static_cast<std::uint64_t>(end.second));
    put_number(out, static_cast<std::uint64_t>(end.closed_second));
  });
  return out;
}

std::optional<Shard> decode_shard(std::string_view value) {
  ByteReader reader(value);
  if (reader.take<std::uint8_t>() != kVersion) return std::nullopt;
  Shard shard;
  shard.index = reader.take<std::uint32_t>();
  shard.range.start = take_hash(reader);
  shard.range.end = take_hash(reader);
  shard.creation_second = static_cast<std::int64_t>(reader.take<std::uint64_t>());
  shard.opened_second = static_cast<std::int64_t>(reader.take<std::uint64_t>());
  shard.parent = take_optional(reader, [&] { return reader.take<std::uint32_t>(); });
  shard.adjacent_parent = take_optional(reader, [&] { return reader.take<std::uint32_t>(); });
  shard.end = take_optional(reader, [&] {
    const auto position = reader.take<std::uint64_t>();
    const auto second = static_cast<std::int64_t>(reader.take<std::uint64_t>());
    return ShardEnd{position, second, static_cast<std::int64_t>(reader.take<std::uint64_t>())};
  });
  if (!is_whole(reader)) return std::nullopt;
  return shard;
}

void put_shards(storage::TableBatch& batch, std::uint32_t stream_id, const ShardMap& shards,
                std::uint32_t from_index) {
  for (const Shard& shard : shards.shards()) {
    if (shard.index >= from_index) {
      batch.put(shard_row_key(stream_id, shard.index), encode(shard));
    }
  }
}

}  // namespace millrace::streams::rows
