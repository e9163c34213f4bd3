// DescribeLimits: how many shards and on-demand streams the account has and may have.
//
// Source: API_DescribeLimits, Kinesis API reference. The limits are the service's largest defaults;
// --limits enforce and --shard-limit are about them.

#include <cstdint>
#include <tuple>

#include "api/context.h"
#include "api/field.h"
#include "api/kinesis/operations.h"
#include "api/operation.h"
#include "base/error.h"
#include "streams/account_limits.h"
#include "streams/catalogue.h"
#include "world/world.h"

namespace millrace::kinesis {
namespace {

using api::field;

constexpr std::int32_t kOnDemandStreamLimit = streams::kOnDemandStreamsMax;
constexpr std::int32_t kChannelLimit = 2 * kOnDemandStreamLimit;  // Two for each on-demand stream.

struct Request {
  static constexpr auto fields = std::tuple{};
};

struct Response {
  std::int32_t shard_limit = 0;
  std::int32_t open_shard_count = 0;
  std::int32_t on_demand_stream_count = 0;
  std::int32_t on_demand_stream_count_limit = kOnDemandStreamLimit;
  std::int32_t channel_count = 0;  // There are no channels yet.
  std::int32_t channel_count_limit = kChannelLimit;

  static constexpr auto fields = std::tuple{
      field("ShardLimit", &Response::shard_limit).required(),
      field("OpenShardCount", &Response::open_shard_count).required(),
      field("OnDemandStreamCount", &Response::on_demand_stream_count).required(),
      field("OnDemandStreamCountLimit", &Response::on_demand_stream_count_limit).required(),
      field("ChannelCount", &Response::channel_count),
      field("ChannelCountLimit", &Response::channel_count_limit),
  };
};

Result<Response> handle(const Request& /*request*/, api::Context& context) {
  const auto counts = context.world().catalogue().counts(context.scope);
  Response response;
  response.shard_limit =
      static_cast<std::int32_t>(context.world().catalogue().options().account_shards_max);
  response.open_shard_count = static_cast<std::int32_t>(counts.open_shards);
  response.on_demand_stream_count = static_cast<std::int32_t>(counts.on_demand_streams);
  return response;
}

}  // namespace

const Operation& DescribeLimits() {
  static constexpr Operation kOperation =
      api::make_operation<&handle>("DescribeLimits", api::Lane::kInline, {1});
  return kOperation;
}

}  // namespace millrace::kinesis
