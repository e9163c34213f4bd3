#include "streams/dropped_shards.h"

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/error.h"
#include "base/try.h"
#include "storage/engine.h"
#include "streams/row_codec.h"
#include "streams/stream.h"

namespace millrace::streams {
namespace rows {

std::string dropped_row_key(const DroppedShards& shards) {
  std::string key(kDropped.prefix());
  put_number(key, shards.stream_id);
  put_number(key, shards.first);
  return key;
}

std::optional<DroppedShards> parse_dropped_row_key(std::string_view key) {
  if (!key.starts_with(kDropped.prefix())) return std::nullopt;
  ByteReader reader(key.substr(kDropped.prefix().size()));
  DroppedShards shards;
  shards.stream_id = reader.take<std::uint32_t>();
  shards.first = reader.take<std::uint32_t>();
  if (!is_whole(reader)) return std::nullopt;
  return shards;
}

void put_dropped(storage::TableBatch& batch, const DroppedShards& shards) {
  batch.put(dropped_row_key(shards), encode_number(shards.count));
}

std::string encode_number(std::uint64_t number) {
  std::string out;
  put_number(out, number);
  return out;
}

std::optional<std::uint64_t> decode_number(std::string_view value) {
  ByteReader reader(value);
  const auto number = reader.take<std::uint64_t>();
  if (!is_whole(reader)) return std::nullopt;
  return number;
}

}  // namespace rows

Result<void> drop_logs(storage::Engine& engine, std::span<const DroppedShards> dropped) {
  std::vector<storage::LogId> logs;
  storage::TableBatch batch;
  for (const DroppedShards& shards : dropped) {
    for (std::uint32_t i = 0; i < shards.count; ++i) {
      logs.push_back(log_of(shards.stream_id, shards.first + i));
    }
    batch.remove(rows::dropped_row_key(shards));
  }
  TRY(engine.drop(logs));
  TRY(engine.write(batch));
  return {};
}

// Logs are dropped after the rows of their shards are gone; in between the process may end.
Result<void> finish_drops(storage::Engine& engine) {
  std::vector<DroppedShards> pending;
  TRY(engine.scan(rows::kDropped.prefix(), [&](std::string_view key, std::string_view value) {
    auto shards = rows::parse_dropped_row_key(key);
    const auto count = rows::decode_number(value);
    if (shards && count) {
      shards->count = static_cast<std::uint32_t>(*count);
      pending.push_back(*shards);
    }
    return true;
  }));
  return pending.empty() ? Result<void>{} : drop_logs(engine, pending);
}

}  // namespace millrace::streams
