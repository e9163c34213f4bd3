// How answers and events show records, and the shards to go on with.

#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include "api/field.h"
#include "api/kinesis/shapes.h"
#include "base/time_point.h"
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

// Records as answers show them; they point into what the records point into.
class RecordShapes {
 public:
  using Element = RecordShape;

  RecordShapes() = default;
  explicit RecordShapes(std::vector<streams::Record> records) : records_(std::move(records)) {}

  [[nodiscard]] std::size_t size() const { return records_.size(); }

  template <class Visit>
  void for_each(Visit visit) const {
    streams::SequencePrinter printer;
    for (const streams::Record& record : records_) {
      visit(RecordShape{printer.print(record.number), record.arrival, api::BlobView{record.data},
                        record.partition_key, encryption_type(record.is_encrypted)});
    }
  }

 private:
  std::vector<streams::Record> records_;
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

// The shards that came from `shard_index`.
[[nodiscard]] std::vector<ChildShard> child_shards(const streams::ShardMap& shards,
                                                   std::uint32_t shard_index);

}  // namespace millrace::kinesis
