// UpdateStreamMode: switches a stream between provisioned and on-demand. Its shards stay.
//
// A provisioned stream has no warm throughput and no AUTO distribution: both end with the switch.
// Source: API_UpdateStreamMode, Kinesis API reference.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <tuple>

#include "api/context.h"
#include "api/kinesis/limits.h"
#include "api/kinesis/operations.h"
#include "api/kinesis/resources.h"
#include "api/kinesis/shapes.h"
#include "api/kinesis/warm_throughput.h"
#include "api/operation.h"
#include "base/error.h"
#include "base/try.h"
#include "streams/catalogue.h"
#include "streams/quota.h"
#include "streams/stream.h"
#include "streams/stream_facts.h"
#include "streams/stream_key.h"
#include "world/world.h"

namespace millrace::kinesis {
namespace {

struct Request {
  StreamArnRef stream;
  StreamModeDetails mode;
  std::optional<std::int32_t> warm_throughput_mibps;

  static constexpr auto fields = std::tuple{
      flatten(&Request::stream),
      field("StreamModeDetails", &Request::mode).required(),
      field("WarmThroughputMiBps", &Request::warm_throughput_mibps).at_least(0),
  };
};

// How many on-demand streams the account has, counted before the stream is locked.
std::size_t on_demand_streams(api::Context& context, const streams::StreamKey& key) {
  if (context.world().quotas().is_off()) return 0;
  return context.world().catalogue().counts(key.scope).on_demand_streams;
}

Result<void> check_switch(const streams::StreamFacts& facts, bool to_on_demand,
                          std::size_t on_demand_streams, api::Context& context) {
  if (to_on_demand) {
    TRY(context.world().catalogue().limits().check_on_demand(facts.key, on_demand_streams));
  }
  if (context.world().quotas().daily(facts.id, streams::DailyUse::kModeSwitch)) return {};
  return std::unexpected(
      daily_limit_exceeded(facts.key, context.operation, streams::DailyUse::kModeSwitch));
}

Result<void> handle(const Request& request, api::Context& context) {
  const auto stream = TRY(find_stream(context, request.stream));
  const bool to_on_demand = request.mode.mode == "ON_DEMAND";
  const auto& warm = request.warm_throughput_mibps;
  const std::size_t count = on_demand_streams(context, stream->state().facts->key);
  const auto change = [&](const streams::StreamFacts& facts,
                          streams::StreamSettings& settings) -> Result<void> {
    if (warm) {
      if (!to_on_demand) return warm_throughput_needs_on_demand();
      TRY(check_warm_throughput(*warm, context));
      settings.warm_mibps = static_cast<std::uint32_t>(*warm);
    }
    const auto mode =
        to_on_demand ? streams::StreamMode::kOnDemand : streams::StreamMode::kProvisioned;
    if (mode == settings.mode) return {};
    TRY(check_switch(facts, to_on_demand, count, context));
    settings.mode = mode;
    settings.distribution = streams::Distribution::kUserPartitionKey;
    if (!to_on_demand) settings.warm_mibps.reset();
    return {};
  };
  const auto written = TRY(stream->update(change));
  context.wait_for(written);
  return {};
}

}  // namespace

const Operation& UpdateStreamMode() {
  static constexpr Operation kOperation =
      api::make_operation<&handle>("UpdateStreamMode", api::Lane::kWorker);
  return kOperation;
}

}  // namespace millrace::kinesis
