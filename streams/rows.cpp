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
#include "storage/engine.h"
#include "storage/spaces.h"
#include "streams/accounts.h"
#include "streams/consumers.h"
#include "streams/monitoring.h"
#include "streams/on_demand.h"
#include "streams/shard_map.h"
#include "streams/stream_facts.h"
#include "streams/stream_key.h"
#include "streams/tags.h"

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
  const auto is_there = reader.take<std::uint8_t>();
  if (is_there > 1) reader.refuse();
  if (is_there != 1) return std::nullopt;
  return take();
}

// A value of an enumeration that ends with `last`.
template <class Enum>
Enum take_enum(ByteReader& reader, Enum last) {
  const auto number = reader.take<std::uint8_t>();
  if (number > static_cast<std::uint8_t>(last)) reader.refuse();
  return static_cast<Enum>(number);
}

// Adds what is written in the order of its keys.
template <class Map>
void append_sorted(ByteReader& reader, Map& map, std::string key, typename Map::mapped_type value) {
  if (!map.empty() && key <= map.rbegin()->first) reader.refuse();
  map.emplace_hint(map.end(), std::move(key), std::move(value));
}

void put_steps(std::string& out, const PendingUpdate& update) {
  put_time(out, update.due);
  put_number(out, static_cast<std::uint32_t>(update.steps.size()));
  for (const Reshard& step : update.steps) {
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

PendingUpdate take_steps(ByteReader& reader) {
  PendingUpdate update;
  update.due = take_time(reader);
  const auto count = reader.take<std::uint32_t>();
  for (std::uint32_t i = 0; i < count && reader.ok(); ++i) {
    const auto kind = reader.take<std::uint8_t>();
    const auto shard = reader.take<std::uint32_t>();
    if (kind == kSplitStep) {
      update.steps.emplace_back(Split{shard, take_hash(reader)});
    } else if (kind == kMergeStep) {
      update.steps.emplace_back(Merge{shard, reader.take<std::uint32_t>()});
    } else {
      reader.refuse();
    }
  }
  return update;
}

void put_tags(std::string& out, const Tags& tags) {
  put_number(out, static_cast<std::uint32_t>(tags.size()));
  for (const auto& [key, value] : tags) {
    append_text(out, key);
    append_text(out, value);
  }
}

Tags take_tags(ByteReader& reader) {
  Tags tags;
  const auto count = reader.take<std::uint32_t>();
  for (std::uint32_t i = 0; i < count && reader.ok(); ++i) {
    std::string key(reader.take_text());
    append_sorted(reader, tags, std::move(key), std::string(reader.take_text()));
  }
  return tags;
}

void put_optional_text(std::string& out, const std::optional<std::string>& text) {
  put_optional(out, text, [&](const std::string& held) { append_text(out, held); });
}

std::optional<std::string> take_optional_text(ByteReader& reader) {
  return take_optional(reader, [&] { return std::string(reader.take_text()); });
}

void put_settings(std::string& out, const StreamSettings& settings) {
  put_number(out, static_cast<std::uint8_t>(settings.mode));
  put_number(out, settings.record_kib_max);
  put_optional_text(out, settings.kms_key_id);
  put_optional(out, settings.warm_mibps, [&](std::uint32_t mibps) { put_number(out, mibps); });
  put_number(out, static_cast<std::uint8_t>(settings.distribution));
}

StreamSettings take_settings(ByteReader& reader) {
  StreamSettings settings;
  settings.mode = take_enum(reader, StreamMode::kOnDemand);
  settings.record_kib_max = reader.take<std::uint32_t>();
  settings.kms_key_id = take_optional_text(reader);
  settings.warm_mibps = take_optional(reader, [&] { return reader.take<std::uint32_t>(); });
  settings.distribution = take_enum(reader, Distribution::kAuto);
  return settings;
}

void put_consumer(std::string& out, const Consumer& consumer) {
  append_text(out, consumer.name);
  put_number(out, static_cast<std::uint64_t>(consumer.creation_second));
  put_number(out, consumer.generation);
  put_time(out, consumer.active_at);
  put_optional(out, consumer.gone_at, [&](TimePoint at) { put_time(out, at); });
  put_tags(out, consumer.tags);
  put_optional_text(out, consumer.policy);
}

Consumer take_consumer(ByteReader& reader) {
  Consumer consumer;
  consumer.name = reader.take_text();
  consumer.creation_second = static_cast<std::int64_t>(reader.take<std::uint64_t>());
  consumer.generation = reader.take<std::uint32_t>();
  consumer.active_at = take_time(reader);
  consumer.gone_at = take_optional(reader, [&] { return take_time(reader); });
  consumer.tags = take_tags(reader);
  consumer.policy = take_optional_text(reader);
  return consumer;
}

void put_update(std::string& out, const PendingUpdate& update) {
  put_steps(out, update);
  put_settings(out, update.settings);
}

PendingUpdate take_update(ByteReader& reader) {
  PendingUpdate update = take_steps(reader);
  update.settings = take_settings(reader);
  return update;
}

ShardMetrics take_shard_metrics(ByteReader& reader) {
  const auto bits = reader.take<std::uint8_t>();
  const ShardMetrics metrics(bits);
  if (metrics.to_ulong() != bits) reader.refuse();
  return metrics;
}

Peak take_peak(ByteReader& reader) {
  const TimePoint slot_start = take_time(reader);
  return {slot_start, reader.take<std::uint32_t>()};
}

std::string key_with_id(const storage::RowSpace& space, std::uint32_t stream_id) {
  std::string key(space.prefix());
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

std::string dropped_row_key(const DroppedShards& shards) {
  std::string key = key_with_id(kDropped, shards.stream_id);
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

std::string account_row_key(std::string_view account, std::string_view region) {
  std::string key(kAccounts.prefix());
  append_text(key, account);
  append_text(key, region);
  return key;
}

std::optional<std::pair<std::string, std::string>> parse_account_row_key(std::string_view key) {
  if (!key.starts_with(kAccounts.prefix())) return std::nullopt;
  ByteReader reader(key.substr(kAccounts.prefix().size()));
  std::string account(reader.take_text());
  std::string region(reader.take_text());
  if (!is_whole(reader)) return std::nullopt;
  return std::pair{std::move(account), std::move(region)};
}

std::string encode(const StreamFacts& facts) {
  std::string out;
  put_number(out, kVersion);
  put_number(out, facts.id);
  append_text(out, facts.key.account);
  append_text(out, facts.key.region);
  append_text(out, facts.key.name);
  put_number(out, static_cast<std::uint32_t>(facts.retention_hours));
  put_time(out, facts.created_at);
  put_time(out, facts.active_at);
  put_optional(out, facts.gone_at, [&](TimePoint at) { put_time(out, at); });
  put_settings(out, facts.settings);
  put_optional(out, facts.update, [&](const PendingUpdate& update) { put_update(out, update); });
  put_tags(out, facts.tags);
  put_number(out, static_cast<std::uint8_t>(facts.shard_metrics.to_ulong()));
  put_optional_text(out, facts.policy);
  put_number(out, static_cast<std::uint32_t>(facts.consumers.size()));
  for (const auto& [name, consumer] : facts.consumers) put_consumer(out, consumer);
  put_number(out, static_cast<std::uint32_t>(facts.peaks.size()));
  for (const Peak& peak : facts.peaks) {
    put_time(out, peak.slot_start);
    put_number(out, peak.shards);
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
  facts.retention_hours = static_cast<int>(reader.take<std::uint32_t>());
  facts.created_at = take_time(reader);
  facts.active_at = take_time(reader);
  facts.gone_at = take_optional(reader, [&] { return take_time(reader); });
  facts.settings = take_settings(reader);
  facts.update = take_optional(reader, [&] { return take_update(reader); });
  facts.tags = take_tags(reader);
  facts.shard_metrics = take_shard_metrics(reader);
  facts.policy = take_optional_text(reader);
  const auto consumer_count = reader.take<std::uint32_t>();
  for (std::uint32_t i = 0; i < consumer_count && reader.ok(); ++i) {
    Consumer consumer = take_consumer(reader);
    std::string name = consumer.name;
    append_sorted(reader, facts.consumers, std::move(name), std::move(consumer));
  }
  const auto peak_count = reader.take<std::uint32_t>();
  for (std::uint32_t i = 0; i < peak_count && reader.ok(); ++i) {
    facts.peaks.push_back(take_peak(reader));
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

std::string encode(const Commitment& commitment) {
  std::string out;
  put_number(out, kVersion);
  put_optional(out, commitment.started_at, [&](TimePoint at) { put_time(out, at); });
  put_optional(out, commitment.disabled_at, [&](TimePoint at) { put_time(out, at); });
  return out;
}

std::optional<Commitment> decode_commitment(std::string_view value) {
  ByteReader reader(value);
  if (reader.take<std::uint8_t>() != kVersion) return std::nullopt;
  Commitment commitment;
  commitment.started_at = take_optional(reader, [&] { return take_time(reader); });
  commitment.disabled_at = take_optional(reader, [&] { return take_time(reader); });
  if (!is_whole(reader)) return std::nullopt;
  return commitment;
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
