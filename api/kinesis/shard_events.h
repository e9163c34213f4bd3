// The events of a subscription to a shard: its records as they come, and a sign of life when none
// do.
//
// Source: API_SubscribeToShard and API_SubscribeToShardEvent, Kinesis API reference;
// tests/conformance/test_subscribe.py.

#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <tuple>
#include <vector>

#include "api/context.h"
#include "api/event_source.h"
#include "api/kinesis/record_shapes.h"
#include "api/kinesis/resources.h"
#include "api/value.h"
#include "streams/stream.h"
#include "streams/subscriptions.h"
#include "world/world.h"

namespace millrace::kinesis {

struct ShardEvent {
  std::optional<std::string>
      continuation_sequence_number;  // Absent from the last event of a shard.
  std::int64_t millis_behind_latest = 0;
  RecordShapes records;
  std::optional<std::vector<ChildShard>> child_shards;  // Only in the last event of a shard.

  static constexpr auto fields = std::tuple{
      field("ContinuationSequenceNumber", &ShardEvent::continuation_sequence_number),
      field("MillisBehindLatest", &ShardEvent::millis_behind_latest).required(),
      field("Records", &ShardEvent::records).required(),
      field("ChildShards", &ShardEvent::child_shards),
  };
};

struct Subscription {
  Call call;
  FoundConsumer consumer;
  std::uint32_t shard_index = 0;
  streams::ReadFrom from;
  std::unique_ptr<streams::Subscriptions::Place> place;
  std::string shown;   // `{account}:{stream}:{shard}:{consumer}`.
  std::string pushes;  // The consumer and the shard for Quotas::push().
};

// The source holds `world` to its end.
[[nodiscard]] std::unique_ptr<api::EventSource> make_shard_events(
    Subscription subscription, std::shared_ptr<const world::World> world, api::Form form);

}  // namespace millrace::kinesis
