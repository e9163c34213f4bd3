#include "streams/stream_rows.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

#include "base/bytes.h"
#include "base/time_point.h"
#include "streams/consumers.h"
#include "streams/monitoring.h"
#include "streams/on_demand.h"
#include "streams/row_codec.h"
#include "streams/shard_map.h"
#include "streams/stream_facts.h"
#include "streams/tags.h"

namespace millrace::streams::rows {
namespace {

// Stored: do not renumber.
constexpr std::uint8_t kSplitStep = 1;
constexpr std::uint8_t kMergeStep = 2;

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

}  // namespace

std::string stream_row_key(std::uint32_t stream_id) {
  std::string key(kStreams.prefix());
  put_number(key, stream_id);
  return key;
}

std::optional<std::uint32_t> parse_stream_row_key(std::string_view key) {
  if (!key.starts_with(kStreams.prefix())) return std::nullopt;
  ByteReader reader(key.substr(kStreams.prefix().size()));
  const auto id = reader.take<std::uint32_t>();
  return is_whole(reader) ? std::optional(id) : std::nullopt;
}

std::string encode(const StreamFacts& facts) {
  std::string out;
  put_number(out, kVersion);
  put_number(out, facts.id);
  put_number(out, facts.changes);
  append_text(out, facts.key.scope.account);
  append_text(out, facts.key.scope.region);
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
  facts.changes = reader.take<std::uint64_t>();
  facts.key.scope.account = reader.take_text();
  facts.key.scope.region = reader.take_text();
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

}  // namespace millrace::streams::rows
