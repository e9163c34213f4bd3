// GetShardIterator: where in a shard to begin reading.
//
// A stream that does not exist, or not yet, is answered as a shard that does not exist.
// Source: API_GetShardIterator, Kinesis API reference; order of checks and texts:
// tests/conformance/test_get.py.

#include <optional>
#include <string>
#include <tuple>

#include "api/context.h"
#include "api/kinesis/operations.h"
#include "api/kinesis/patterns.h"
#include "api/kinesis/put.h"
#include "api/kinesis/resources.h"
#include "api/kinesis/shapes.h"
#include "api/kinesis/starting_position.h"
#include "api/kinesis/tokens.h"
#include "api/operation.h"
#include "base/error.h"
#include "base/time_point.h"
#include "base/try.h"
#include "streams/errors.h"
#include "streams/quota.h"
#include "streams/shard_map.h"
#include "streams/stream.h"
#include "world/world.h"

namespace millrace::kinesis {
namespace {

constexpr double kCallsPerShard = 5;  // A second, where limits are enforced.

struct Request {
  std::string shard_id;
  std::string type;
  std::optional<std::string> starting_sequence_number;
  StreamRef stream;
  std::optional<TimePoint> timestamp;
  std::optional<bool> dry_run;

  static constexpr auto fields = std::tuple{
      field("ShardId", &Request::shard_id).matching(kNamePattern).length(1, 128).required(),
      field("ShardIteratorType", &Request::type).one_of(kShardIteratorTypes).required(),
      field("StartingSequenceNumber", &Request::starting_sequence_number)
          .matching(kSequenceNumberPattern),
      flatten(&Request::stream),
      field("Timestamp", &Request::timestamp),
      field("DryRun", &Request::dry_run),
  };
};

struct Response {
  std::string shard_iterator;

  static constexpr auto fields = std::tuple{field("ShardIterator", &Response::shard_iterator)};
};

Result<Response> handle(const Request& request, api::Context& context) {
  const auto key = TRY(stream_key(context, request.stream));
  const auto index = TRY(parse_shard(request.shard_id, key));

  const TimePoint now = context.world().clock().now();
  const auto stream = find_stream(context, key);
  const auto missing = [&] {
    return std::unexpected(streams::shard_does_not_exist(streams::shard_id(index), key));
  };
  if (!stream) {
    if (stream.error().code == streams::kResourceNotFound) return missing();
    return std::unexpected(stream.error());
  }
  const auto state = (*stream)->state();
  const streams::Shard* shard = state.shards->find(index);
  if (shard == nullptr || !require_readable(*state.facts, now)) return missing();

  const auto from =
      TRY(read_from({request.type, request.starting_sequence_number, request.timestamp},
                    context.operation, **stream, *shard, now));
  if (request.dry_run.value_or(false)) return dry_run();
  const std::string subject =
      "GetShardIterator " + std::to_string(streams::log_of(state.facts->id, index));
  if (!context.world().quotas().call(subject, kCallsPerShard)) {
    return std::unexpected(
        streams::shard_rate_exceeded(streams::shard_id(index), state.facts->key));
  }
  return Response{Tokens(context.world().sealer())
                      .encode(ShardIterator{now, state.facts->id, state.facts->key, index, from})};
}

}  // namespace

const Operation& GetShardIterator() {
  static constexpr Operation kOperation =
      api::make_operation<&handle>("GetShardIterator", api::Lane::kInline, api::kRateByHandler);
  return kOperation;
}

}  // namespace millrace::kinesis
