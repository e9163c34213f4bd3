// UpdateShardCount: brings a stream to a number of shards of equal size.
//
// Source: API_UpdateShardCount, Kinesis API reference; which shards result:
// tests/streams/shard_map_test.cpp; texts: tests/conformance/test_shards.py.

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "api/context.h"
#include "api/kinesis/arn.h"
#include "api/kinesis/limits.h"
#include "api/kinesis/operations.h"
#include "api/kinesis/resources.h"
#include "api/operation.h"
#include "base/error.h"
#include "base/try.h"
#include "streams/errors.h"
#include "streams/quota.h"
#include "streams/shard_map.h"
#include "streams/stream.h"
#include "world/world.h"

namespace millrace::kinesis {
namespace {

constexpr std::size_t kShardsMax = 10000;
constexpr std::array<std::string_view, 1> kScalingTypes = {"UNIFORM_SCALING"};

struct Request {
  std::string scaling_type;
  StreamRef stream;
  std::int32_t target_shard_count = 0;

  static constexpr auto fields = std::tuple{
      field("ScalingType", &Request::scaling_type).one_of(kScalingTypes).required(),
      flatten(&Request::stream),
      field("TargetShardCount", &Request::target_shard_count).at_least(1).required(),
  };
};

struct Response {
  std::string stream_name;
  std::int32_t current_shard_count = 0;
  std::int32_t target_shard_count = 0;
  std::string stream_arn;

  static constexpr auto fields = std::tuple{
      field("StreamName", &Response::stream_name),
      field("CurrentShardCount", &Response::current_shard_count),
      field("TargetShardCount", &Response::target_shard_count),
      field("StreamARN", &Response::stream_arn),
  };
};

Result<void> check_target(std::size_t current, std::size_t target, std::size_t shards_max,
                          bool fits_account) {
  const std::string counts = " Current open shard count: " + std::to_string(current) +
                             ", Target shard count: " + std::to_string(target);
  const auto refuse = [&](const std::string& why) {
    return fail(streams::kLimitExceeded, why + counts);
  };
  if (target > shards_max || !fits_account) {
    return refuse("Target shard count or number of open shards cannot be greater than " +
                  std::to_string(shards_max) + ".");
  }
  if (target > 2 * current) {
    return refuse("UpdateShardCount cannot scale up over double your current open shard count.");
  }
  if (2 * target < current) {
    return refuse("UpdateShardCount cannot scale down below half your current open shard count.");
  }
  return {};
}

Result<Response> handle(const Request& request, api::Context& context) {
  const auto stream = TRY(find_stream(context, request.stream));

  const ShardLimit limit(context, stream->state().facts->key);
  std::size_t current = 0;
  const auto plan =
      [&](const streams::StreamState& state) -> Result<std::vector<streams::Reshard>> {
    current = state.shards->open_count();
    const auto target = static_cast<std::size_t>(request.target_shard_count);
    const bool fits = target <= current || limit.check(target - current);
    const std::size_t shards_max = fits ? kShardsMax : std::min(kShardsMax, limit.shards_max());
    TRY(check_target(current, target, shards_max, fits));
    // The same count again changes nothing, whatever the sizes of the shards.
    if (current == target) return std::vector<streams::Reshard>{};
    if (!context.world().quotas().daily(state.facts->id, streams::DailyUse::kUpdateShardCount)) {
      return std::unexpected(daily_limit_exceeded(state.facts->key, context.operation,
                                                  streams::DailyUse::kUpdateShardCount));
    }
    return state.shards->scale_to(static_cast<std::uint32_t>(target));
  };
  const auto written = TRY(stream->reshard(plan));
  context.wait_for(written);

  const auto facts = stream->state().facts;
  return Response{facts->key.name, static_cast<std::int32_t>(current), request.target_shard_count,
                  stream_arn(facts->key)};
}

}  // namespace

const Operation& UpdateShardCount() {
  static constexpr Operation kOperation =
      api::make_operation<&handle>("UpdateShardCount", api::Lane::kWorker, {10});
  return kOperation;
}

}  // namespace millrace::kinesis
