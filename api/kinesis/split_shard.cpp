// SplitShard: divides a shard in two at a hash key.
//
// Source: API_SplitShard, Kinesis API reference; order of checks and texts:
// tests/conformance/test_shards.py.

#include <cstdint>
#include <string>
#include <tuple>
#include <vector>

#include "api/context.h"
#include "api/kinesis/limits.h"
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
  std::string new_starting_hash_key;
  StreamRef stream;
  std::string shard_to_split;

  static constexpr auto fields = std::tuple{
      field("NewStartingHashKey", &Request::new_starting_hash_key)
          .matching(kHashKeyPattern)
          .required(),
      flatten(&Request::stream),
      field("ShardToSplit", &Request::shard_to_split)
          .matching(kNamePattern)
          .length(1, 128)
          .required(),
  };
};

// The service wants the key above start + 1, so that it never is the second key of a shard.
Result<std::vector<streams::Reshard>> plan_split(const Request& request, std::uint32_t index,
                                                 const streams::StreamState& state,
                                                 const ShardLimit& limit) {
  const auto shard = open_shard(state, index);
  if (!shard) return std::unexpected(shard.error());
  TRY(limit.check(1));
  const streams::HashRange& range = (*shard)->range;
  const auto at = parse_uint128(request.new_starting_hash_key);
  if (!at || *at <= range.start + 1 || *at >= range.end) {
    return fail(streams::kInvalidArgument,
                "NewStartingHashKey " + request.new_starting_hash_key +
                    " used in SplitShard() on shard " + streams::shard_id(index) + " in stream " +
                    state.facts->key.name + " under account " + state.facts->key.scope.account +
                    " is not both greater than one plus the shard's StartingHashKey " +
                    to_decimal(range.start) + " and less than the shard's EndingHashKey " +
                    to_decimal(range.end) + ".");
  }
  return std::vector<streams::Reshard>{streams::Split{index, *at}};
}

Result<void> handle(const Request& request, api::Context& context) {
  const auto key = TRY(stream_key(context, request.stream));
  const auto index = TRY(parse_shard(request.shard_to_split, key));
  const auto stream = TRY(find_stream(context, key));

  const ShardLimit limit(context, key);
  const auto written = TRY(stream->reshard(
      [&](const streams::StreamState& state) { return plan_split(request, index, state, limit); }));
  context.wait_for(written);
  return {};
}

}  // namespace

const Operation& SplitShard() {
  static constexpr Operation kOperation =
      api::make_operation<&handle>("SplitShard", api::Lane::kWorker);
  return kOperation;
}

}  // namespace millrace::kinesis
