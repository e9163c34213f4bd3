// Shapes that several operations share.
//
// Source: the service model (Kinesis 2013-12-02); where the service is known to answer otherwise,
// the row says so.

#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "api/context.h"
#include "api/field.h"
#include "api/kinesis/patterns.h"
#include "base/error.h"
#include "base/time_point.h"
#include "streams/catalogue.h"
#include "streams/shard_map.h"
#include "streams/stream.h"
#include "streams/stream_facts.h"

namespace millrace::kinesis {

using api::field;
using api::flatten;

struct HashKeyRange {
  std::string starting_hash_key;
  std::string ending_hash_key;

  static constexpr auto fields = std::tuple{
      field("StartingHashKey", &HashKeyRange::starting_hash_key).required(),
      field("EndingHashKey", &HashKeyRange::ending_hash_key).required(),
  };
};

struct SequenceNumberRange {
  std::string starting_sequence_number;
  std::optional<std::string> ending_sequence_number;

  static constexpr auto fields = std::tuple{
      field("StartingSequenceNumber", &SequenceNumberRange::starting_sequence_number).required(),
      field("EndingSequenceNumber", &SequenceNumberRange::ending_sequence_number),
  };
};

struct ShardShape {
  std::string shard_id;
  std::optional<std::string> parent_shard_id;
  std::optional<std::string> adjacent_parent_shard_id;
  HashKeyRange hash_key_range;
  SequenceNumberRange sequence_number_range;

  static constexpr auto fields = std::tuple{
      field("ShardId", &ShardShape::shard_id).required(),
      field("ParentShardId", &ShardShape::parent_shard_id),
      field("AdjacentParentShardId", &ShardShape::adjacent_parent_shard_id),
      field("HashKeyRange", &ShardShape::hash_key_range).required(),
      field("SequenceNumberRange", &ShardShape::sequence_number_range).required(),
  };
};

struct StreamModeDetails {
  std::string mode;

  static constexpr auto fields = std::tuple{
      field("StreamMode", &StreamModeDetails::mode).one_of(kStreamModes).required(),
  };
};

struct EnhancedMetrics {
  std::vector<std::string> shard_level_metrics;

  static constexpr auto fields = std::tuple{
      field("ShardLevelMetrics", &EnhancedMetrics::shard_level_metrics),
  };
};

// What DescribeStream and DescribeStreamSummary both say of a stream.
struct StreamBasics {
  std::string stream_name;
  std::string stream_arn;
  std::string stream_status;
  StreamModeDetails stream_mode_details;
  std::int32_t retention_period_hours = 0;
  TimePoint stream_creation_timestamp{};
  std::vector<EnhancedMetrics> enhanced_monitoring;
  std::string encryption_type;
  std::optional<std::string> key_id;

  static constexpr auto fields = std::tuple{
      field("StreamName", &StreamBasics::stream_name).required(),
      field("StreamARN", &StreamBasics::stream_arn).required(),
      field("StreamStatus", &StreamBasics::stream_status).required(),
      field("StreamModeDetails", &StreamBasics::stream_mode_details),
      field("RetentionPeriodHours", &StreamBasics::retention_period_hours).required(),
      field("StreamCreationTimestamp", &StreamBasics::stream_creation_timestamp).required(),
      field("EnhancedMonitoring", &StreamBasics::enhanced_monitoring).required(),
      field("EncryptionType", &StreamBasics::encryption_type),
      field("KeyId", &StreamBasics::key_id),
  };
};

// The service tells creation times in whole seconds.
[[nodiscard]] StreamBasics to_shape(const streams::StreamFacts& facts, TimePoint now);
[[nodiscard]] HashKeyRange to_shape(const streams::HashRange& range);
[[nodiscard]] ShardShape to_shape(const streams::Shard& shard);
[[nodiscard]] StreamModeDetails to_shape(streams::StreamMode mode);

struct TagShape {
  std::string key;
  std::optional<std::string> value;

  static constexpr auto fields = std::tuple{
      field("Key", &TagShape::key).required(),
      field("Value", &TagShape::value),
  };
};

// `KMS`, or nothing: the service does not tell that something is not encrypted.
[[nodiscard]] std::optional<std::string_view> encryption_type(bool is_encrypted);

// The number before the first record of a shard.
[[nodiscard]] std::string starting_sequence_number(const streams::Shard& shard);

// The shards that listings show: those whose last record may still be read.
[[nodiscard]] std::vector<const streams::Shard*> listed_shards(const streams::StreamState& state,
                                                               TimePoint now);

}  // namespace millrace::kinesis
