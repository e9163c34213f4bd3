#include "api/kinesis/shapes.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "api/kinesis/arn.h"
#include "base/time_point.h"
#include "base/uint128.h"
#include "streams/errors.h"
#include "streams/monitoring.h"
#include "streams/sequence_number.h"
#include "streams/shard_map.h"
#include "streams/stream.h"
#include "streams/stream_facts.h"
#include "streams/stream_key.h"

namespace millrace::kinesis {

StreamBasics to_shape(const streams::StreamFacts& facts, TimePoint now) {
  StreamBasics basics;
  basics.stream_name = facts.key.name;
  basics.stream_arn = stream_arn(facts.key);
  basics.stream_status = streams::to_text(facts.status_at(now));
  basics.stream_mode_details = to_shape(facts.settings.mode);
  basics.retention_period_hours = facts.retention_hours;
  basics.stream_creation_timestamp = time_from_millis(seconds_of(facts.created_at) * 1000);
  basics.enhanced_monitoring.push_back({streams::names_of(facts.shard_metrics)});
  basics.encryption_type = facts.settings.kms_key_id ? "KMS" : "NONE";
  basics.key_id = facts.settings.kms_key_id;
  return basics;
}

std::optional<std::string_view> encryption_type(bool is_encrypted) {
  return is_encrypted ? std::optional<std::string_view>("KMS") : std::nullopt;
}

HashKeyRange to_shape(const streams::HashRange& range) {
  return {to_decimal(range.start), to_decimal(range.end)};
}

std::string starting_sequence_number(const streams::Shard& shard) {
  return to_decimal(
      streams::SequenceNumber{2, shard.creation_second, shard.index, 0, shard.creation_second});
}

ShardShape to_shape(const streams::Shard& shard) {
  ShardShape shape;
  shape.shard_id = streams::shard_id(shard.index);
  if (shard.parent) shape.parent_shard_id = streams::shard_id(*shard.parent);
  if (shard.adjacent_parent) {
    shape.adjacent_parent_shard_id = streams::shard_id(*shard.adjacent_parent);
  }
  shape.hash_key_range = to_shape(shard.range);
  shape.sequence_number_range.starting_sequence_number = starting_sequence_number(shard);
  if (shard.end) {
    shape.sequence_number_range.ending_sequence_number = to_decimal(streams::SequenceNumber{
        2, shard.creation_second, shard.index, streams::kEndIndex, shard.end->second});
  }
  return shape;
}

StreamModeDetails to_shape(streams::StreamMode mode) {
  return {std::string(streams::to_text(mode))};
}

std::vector<const streams::Shard*> listed_shards(const streams::StreamState& state, TimePoint now) {
  std::vector<const streams::Shard*> listed;
  const std::int64_t horizon = seconds_of(state.facts->horizon_at(now));
  for (const streams::Shard& shard : state.shards->shards()) {
    if (shard.is_open() || shard.end->closed_second >= horizon) listed.push_back(&shard);
  }
  return listed;
}

}  // namespace millrace::kinesis
