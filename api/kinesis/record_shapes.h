// How answers and events show records, and the shards to go on with.

#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "api/field.h"
#include "api/kinesis/shapes.h"
#include "base/clock.h"
#include "streams/record.h"
#include "streams/sequence_number.h"
#include "streams/shard_map.h"

namespace millrace::kinesis {

struct RecordShape {
  streams::SequenceText sequence_number;
  TimePoint arrival{};
  api::BlobView data;
  std::optional<std::string_view> partition_key;
  std::optional<std::string_view> encryption_type;

  static constexpr auto fields = std::tuple{
      field("SequenceNumber", &RecordShape::sequence_number).required(),
      field("ApproximateArrivalTimestamp", &RecordShape::arrival),
      field("Data", &RecordShape::data).required(),
      field("PartitionKey", &RecordShape::partition_key),
      field("EncryptionType", &RecordShape::encryption_type),
  };
};

struct ChildShard {
  std::string shard_id;
  std::vector<std::string> parent_shards;
  HashKeyRange hash_key_range;

  static constexpr auto fields = std::tuple{
      field("ShardId", &ChildShard::shard_id).required(),
      field("ParentShards", &ChildShard::parent_shards).required(),
      field("HashKeyRange", &ChildShard::hash_key_range).required(),
  };
};

// They point into what the records point into.
[[nodiscard]] std::vector<RecordShape> to_shapes(const std::vector<streams::Record>& records);

// The shards that came from `shard_index`.
[[nodiscard]] std::vector<ChildShard> child_shards(const streams::ShardMap& shards,
                                                   std::uint32_t shard_index);

}  // namespace millrace::kinesis
