// MergeShards: joins two shards whose hash ranges touch, the lower one given first.
//
// Source: API_MergeShards, Kinesis API reference; order of checks and texts:
// tests/conformance/test_shards.py.

#include <cstdint>
#include <string>
#include <tuple>
#include <vector>

#include "api/context.h"
#include "api/kinesis/operations.h"
#include "api/kinesis/patterns.h"
#include "api/kinesis/reshard.h"
#include "api/kinesis/resources.h"
#include "api/operation.h"
#include "base/error.h"
#include "base/try.h"
#include "base/uint128.h"
#include "streams/errors.h"
#include "streams/shard_map.h"
#include "streams/stream.h"

namespace millrace::kinesis {
namespace {

struct Request {
  std::string shard_to_merge;
  std::string adjacent_shard_to_merge;
  StreamRef stream;

  static constexpr auto fields = std::tuple{
      field("ShardToMerge", &Request::shard_to_merge)
          .matching(kNamePattern)
          .length(1, 128)
          .required(),
      field("AdjacentShardToMerge", &Request::adjacent_shard_to_merge)
          .matching(kNamePattern)
          .length(1, 128)
          .required(),
      flatten(&Request::stream),
  };
};

Result<std::vector<streams::Reshard>> plan_merge(std::uint32_t first, std::uint32_t second,
                                                 const streams::StreamState& state) {
  const auto lower = TRY(known_shard(state, first));
  const auto upper = TRY(known_shard(state, second));
  const bool touch = lower->range.end != kUint128Max && lower->range.end + 1 == upper->range.start;
  if (!touch) {
    return fail(streams::kInvalidArgument,
                "Shards " + streams::shard_id(first) + " and " + streams::shard_id(second) +
                    " in stream " + state.facts->key.name + " under account " +
                    state.facts->key.scope.account +
                    " are not an adjacent pair of shards eligible for merging");
  }
  for (const std::uint32_t index : {first, second}) {
    TRY(open_shard(state, index));
  }
  return std::vector<streams::Reshard>{streams::Merge{first, second}};
}

Result<void> handle(const Request& request, api::Context& context) {
  const auto key = TRY(stream_key(context, request.stream));
  const auto first = TRY(parse_shard(request.shard_to_merge, key));
  const auto second = TRY(parse_shard(request.adjacent_shard_to_merge, key));
  const auto stream = TRY(find_stream(context, key));

  const auto written = TRY(stream->reshard(
      [&](const streams::StreamState& state) { return plan_merge(first, second, state); }));
  context.wait_for(written);
  return {};
}

}  // namespace

const Operation& MergeShards() {
  static constexpr Operation kOperation =
      api::make_operation<&handle>("MergeShards", api::Lane::kWorker);
  return kOperation;
}

}  // namespace millrace::kinesis
