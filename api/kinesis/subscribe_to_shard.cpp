// SubscribeToShard: pushes the records of a shard to a consumer, for five minutes.
//
// With --limits enforce a consumer may call it five times a second for each shard, and gets 2 MiB a
// second from there: the rest comes later. Every refusal comes before the event stream,
// as a plain answer. Source: API_SubscribeToShard, Kinesis API reference; checks and texts:
// tests/conformance/test_subscribe.py.

#include <optional>
#include <string>
#include <tuple>
#include <utility>

#include "api/context.h"
#include "api/kinesis/operations.h"
#include "api/kinesis/patterns.h"
#include "api/kinesis/put.h"
#include "api/kinesis/resources.h"
#include "api/kinesis/shard_events.h"
#include "api/kinesis/starting_position.h"
#include "api/operation.h"
#include "base/error.h"
#include "base/time_point.h"
#include "base/try.h"
#include "streams/consumers.h"
#include "streams/errors.h"
#include "streams/quota.h"
#include "streams/shard_map.h"
#include "streams/stream.h"
#include "streams/stream_facts.h"
#include "streams/stream_key.h"
#include "world/world.h"

namespace millrace::kinesis {
namespace {

// The shape of the answer; what it holds is sent by the event source.
struct EventStream {
  std::optional<ShardEvent> event;

  static constexpr auto fields = std::tuple{field("SubscribeToShardEvent", &EventStream::event)};
};

struct Response {
  EventStream event_stream;

  static constexpr auto fields = std::tuple{
      field("EventStream", &Response::event_stream).required(),
  };
};

struct StartingPosition {
  std::string type;
  std::optional<std::string> sequence_number;
  std::optional<TimePoint> timestamp;

  static constexpr auto fields = std::tuple{
      field("Type", &StartingPosition::type).one_of(kShardIteratorTypes).required(),
      field("SequenceNumber", &StartingPosition::sequence_number).matching(kSequenceNumberPattern),
      field("Timestamp", &StartingPosition::timestamp),
  };
};

struct Request {
  std::string consumer_arn;
  std::optional<bool> dry_run;
  std::string shard_id;
  StartingPosition starting_position;
  std::optional<std::string> stream_id;

  static constexpr auto fields = std::tuple{
      field("ConsumerARN", &Request::consumer_arn)
          .matching(kConsumerArnPattern)
          .length(1, kArnMax)
          .required(),
      field("DryRun", &Request::dry_run),
      field("ShardId", &Request::shard_id).matching(kNamePattern).length(1, 128).required(),
      field("StartingPosition", &Request::starting_position).required(),
      field("StreamId", &Request::stream_id).matching(kStreamIdPattern).length(1, 24),
  };
};

// A second, of a consumer for a shard. Source: the quotas of the developer guide; the API reference
// says one.
constexpr double kCallsPerConsumerAndShard = 5;

// The service words this one differently here than elsewhere.
std::unexpected<Error> not_active(const streams::Consumer& consumer,
                                  const streams::StreamKey& stream) {
  return fail(streams::kResourceInUse, "Consumer " + consumer.name + " with creation timestamp " +
                                           std::to_string(consumer.creation_second) +
                                           " under stream: " + stream.name + " , account " +
                                           stream.scope.account + " is not in ACTIVE status.");
}

Result<void> check_stream(const streams::StreamFacts& facts, TimePoint now) {
  if (facts.status_at(now) == streams::StreamStatus::kDeleting) {
    return std::unexpected(streams::stream_not_found(facts.key));
  }
  return require_readable(facts, now);
}

Result<void> handle(const Request& request, api::Context& context) {
  const auto found = TRY(find_consumer(context, request.consumer_arn));
  const TimePoint now = context.world().clock().now();
  const auto state = found.stream->state();
  const streams::StreamKey& key = state.facts->key;
  if (found.consumer.status_at(now) != streams::ConsumerStatus::kActive) {
    return not_active(found.consumer, key);
  }
  TRY(check_stream(*state.facts, now));
  const auto index = TRY(parse_shard(request.shard_id, key));
  const streams::Shard* shard = state.shards->find(index);
  if (shard == nullptr) {
    return std::unexpected(streams::shard_does_not_exist(streams::shard_id(index), key));
  }
  const StartingPosition& position = request.starting_position;
  const auto from = TRY(read_from({position.type, position.sequence_number, position.timestamp},
                                  context.operation, *found.stream, *shard, now));
  if (request.dry_run.value_or(false)) return dry_run();
  const std::string reader = std::to_string(streams::log_of(state.facts->id, index)) + " " +
                             found.consumer.name + ":" +
                             std::to_string(found.consumer.creation_second);
  if (!context.world().quotas().call("SubscribeToShard " + reader, kCallsPerConsumerAndShard)) {
    return std::unexpected(streams::stream_rate_exceeded(key));
  }
  const std::string shown = key.scope.account + ":" + key.name + ":" + streams::shard_id(index) +
                            ":" + found.consumer.name;
  auto place = TRY(context.world().subscriptions().take(
      {state.facts->id, found.consumer.name, found.consumer.creation_second,
       found.consumer.generation, index},
      shown));
  Call call{context.scope, std::string(context.operation)};
  context.events = make_shard_events(
      {std::move(call), found, index, from, std::move(place), shown, "push " + reader},
      context.held_world, context.form);
  return {};
}

}  // namespace

const Operation& SubscribeToShard() {
  static constexpr Operation kOperation = api::make_streaming_operation<&handle, Response>(
      "SubscribeToShard", api::Lane::kInline, api::kRateByHandler);
  return kOperation;
}

}  // namespace millrace::kinesis
