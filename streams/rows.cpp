#include "streams/rows.h"

#include <concepts>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

#include "base/bytes.h"
#include "base/clock.h"
#include "base/uint128.h"
#include "streams/shard_map.h"
#include "streams/stream_facts.h"
#include "streams/stream_key.h"

namespace millrace::streams::rows {
namespace {

// Stored: do not renumber.
constexpr std::uint8_t kVersion = 1;
constexpr std::uint8_t kSplitStep = 1;
constexpr std::uint8_t kMergeStep = 2;

void put_number(std::string& out, std::unsigned_integral auto value) {
  append_big_endian(out, value);
}

void put_time(std::string& out, TimePoint time) {
  put_number(out, static_cast<std::uint64_t>(millis_of(time)));
}

TimePoint take_time(ByteReader& reader) {
  return time_from_millis(static_cast<std::int64_t>(reader.take<std::uint64_t>()));
}

void put_hash(std::string& out, uint128 value) {
  put_number(out, static_cast<std::uint64_t>(value >> 64U));
  put_number(out, static_cast<std::uint64_t>(value));
}

uint128 take_hash(ByteReader& reader) {
  const uint128 high = reader.take<std::uint64_t>();
  return high << 64U | reader.take<std::uint64_t>();
}

// An optional value is a byte that says whether it is there, then the value.
template <class T, class Put>
void put_optional(std::string& out, const std::optional<T>& value, Put put) {
  put_number(out, static_cast<std::uint8_t>(value.has_value()));
  if (value) put(*value);
}

template <class Take>
auto take_optional(ByteReader& reader, Take take) -> std::optional<decltype(take())> {
  if (reader.take<std::uint8_t>() == 0) return std::nullopt;
  return take();
}

void put_reshard(std::string& out, const PendingReshard& reshard) {
  put_time(out, reshard.due);
  put_number(out, static_cast<std::uint32_t>(reshard.steps.size()));
  for (const Reshard& step : reshard.steps) {
    if (const auto* split = std::get_if<Split>(&step)) {
      put_number(out, kSplitStep);
      put_number(out, split->shard);
      put_hash(out, split->at);
    } else {
      const auto& merge = std::get<Merge>(step);
      put_number(out, kMergeStep);
      put_number(out, merge.shard);
      put_number(out, merge.adjacent);
    }
  }
}

PendingReshard take_reshard(ByteReader& reader) {
  PendingReshard reshard;
  reshard.due = take_time(reader);
  const auto count = reader.take<std::uint32_t>();
  for (std::uint32_t i = 0; i < count && reader.ok(); ++i) {
    const auto kind = reader.take<std::uint8_t>();
    const auto shard = reader.take<std::uint32_t>();
    if (kind == kSplitStep) {
      reshard.steps.emplace_back(Split{shard, take_hash(reader)});
    } else {
      reshard.steps.emplace_back(Merge{shard, reader.take<std::uint32_t>()});
    }
  }
  return reshard;
}

std::string key_with_id(std::string_view prefix, std::uint32_t stream_id) {
  std::string key(prefix);
  put_number(key, stream_id);
  return key;
}

bool is_whole(const ByteReader& reader) { return reader.ok() && reader.at_end(); }

}  // namespace

std::string stream_row_key(std::uint32_t stream_id) { return key_with_id(kStreams, stream_id); }

std::string shard_row_prefix(std::uint32_t stream_id) { return key_with_id(kShards, stream_id); }

std::string shard_row_key(std::uint32_t stream_id, std::uint32_t index) {
  std::string key = shard_row_prefix(stream_id);
  put_number(key, index);
  return key;
}

std::string name_row_key(const StreamKey& key) {
  std::string row(kNames);
  append_text(row, key.account);
  append_text(row, key.region);
  append_text(row, key.name);
  return row;
}

std::optional<StreamKey> parse_name_row_key(std::string_view key) {
  if (!key.starts_with(kNames)) return std::nullopt;
  ByteReader reader(key.substr(kNames.size()));
  StreamKey parsed;
  parsed.account = reader.take_text();
  parsed.region = reader.take_text();
  parsed.name = reader.take_text();
  if (!is_whole(reader)) return std::nullopt;
  return parsed;
}

std::string dropped_row_key(std::uint32_t stream_id) { return key_with_id(kDropped, stream_id); }

std::optional<std::uint32_t> parse_dropped_row_key(std::string_view key) {
  if (!key.starts_with(kDropped)) return std::nullopt;
  ByteReader reader(key.substr(kDropped.size()));
  const auto id = reader.take<std::uint32_t>();
  if (!is_whole(reader)) return std::nullopt;
  return id;
}

std::string encode(const StreamFacts& facts) {
  std::string out;
  put_number(out, kVersion);
  put_number(out, facts.id);
  append_text(out, facts.key.account);
  append_text(out, facts.key.region);
  append_text(out, facts.key.name);
  put_number(out, static_cast<std::uint8_t>(facts.mode));
  put_number(out, static_cast<std::uint32_t>(facts.retention_hours));
  put_number(out, facts.record_kib_max);
  put_time(out, facts.created_at);
  put_time(out, facts.active_at);
  put_optional(out, facts.gone_at, [&](TimePoint at) { put_time(out, at); });
  put_optional(out, facts.reshard, [&](const PendingReshard& r) { put_reshard(out, r); });
  put_number(out, static_cast<std::uint32_t>(facts.tags.size()));
  for (const auto& [key, value] : facts.tags) {
    append_text(out, key);
    append_text(out, value);
  }
  return out;
}

std::optional<StreamFacts> decode_stream(std::string_view value) {
  ByteReader reader(value);
  if (reader.take<std::uint8_t>() != kVersion) return std::nullopt;
  StreamFacts facts;
  facts.id = reader.take<std::uint32_t>();
  facts.key.account = reader.take_text();
  facts.key.region = reader.take_text();
  facts.key.name = reader.take_text();
  facts.mode = static_cast<StreamMode>(reader.take<std::uint8_t>());
  facts.retention_hours = static_cast<int>(reader.take<std::uint32_t>());
  facts.record_kib_max = reader.take<std::uint32_t>();
  facts.created_at = take_time(reader);
  facts.active_at = take_time(reader);
  facts.gone_at = take_optional(reader, [&] { return take_time(reader); });
  facts.reshard = take_optional(reader, [&] { return take_reshard(reader); });
  const auto tag_count = reader.take<std::uint32_t>();
  for (std::uint32_t i = 0; i < tag_count && reader.ok(); ++i) {
    std::string key(reader.take_text());
    facts.tags.emplace(std::move(key), reader.take_text());
  }
  if (!is_whole(reader)) return std::nullopt;
  return facts;
}

std::string encode(const Shard& shard) {
  std::string out;
  put_number(out, kVersion);
  put_number(out, shard.index);
  put_hash(out, shard.range.start);
  put_hash(out, shard.range.end);
  put_number(out, static_cast<std::uint64_t>(shard.creation_second));
  put_optional(out, shard.parent, [&](std::uint32_t parent) { put_number(out, parent); });
  put_optional(out, shard.adjacent_parent, [&](std::uint32_t parent) { put_number(out, parent); });
  put_optional(out, shard.end, [&](const ShardEnd& end) {
    put_number(out, end.position);
    put_number(out, static_cast<std::uint64_t>(end.second));
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
  shard.parent = take_optional(reader, [&] { return reader.take<std::uint32_t>(); });
  shard.adjacent_parent = take_optional(reader, [&] { return reader.take<std::uint32_t>(); });
  shard.end = take_optional(reader, [&] {
    const auto position = reader.take<std::uint64_t>();
    return ShardEnd{position, static_cast<std::int64_t>(reader.take<std::uint64_t>())};
  });
  if (!is_whole(reader)) return std::nullopt;
  return shard;
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

}  // namespace millrace::streams::rows
