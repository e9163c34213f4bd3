// CreateStream: makes a stream with shards of equal size.
//
// Without a count and a mode it is ON_DEMAND with four shards. The stream takes records as soon as
// it is ACTIVE.
// Source: API_CreateStream, Kinesis API reference. Error texts: tests/conformance/test_streams.py.

#include <cstdint>
#include <optional>
#include <string>
#include <tuple>

#include "api/context.h"
#include "api/kinesis/operations.h"
#include "api/kinesis/patterns.h"
#include "api/kinesis/shapes.h"
#include "api/kinesis/warm_throughput.h"
#include "api/operation.h"
#include "api/validate.h"
#include "base/error.h"
#include "base/try.h"
#include "streams/account_limits.h"
#include "streams/catalogue.h"
#include "streams/errors.h"
#include "streams/on_demand.h"
#include "streams/stream_facts.h"
#include "streams/tags.h"
#include "world/world.h"

namespace millrace::kinesis {
namespace {

struct Request {
  std::optional<std::int32_t> shard_count;
  std::string stream_name;
  std::optional<StreamModeDetails> mode;
  std::optional<streams::Tags> tags;
  std::optional<std::int32_t> warm_throughput_mibps;
  std::optional<std::int32_t> max_record_size_in_kib;
  std::optional<std::string> distribution;

  static constexpr auto fields = std::tuple{
      // The model has no maximum any more; the service's older one answers before a shard limit
      // can.
      field("ShardCount", &Request::shard_count).range(1, 100000),
      field("StreamName", &Request::stream_name).matching(kNamePattern).length(1, 128).required(),
      field("StreamModeDetails", &Request::mode),
      field("Tags", &Request::tags).length(1, 200).keys(1, 128).values(0, 256),
      field("WarmThroughputMiBps", &Request::warm_throughput_mibps).at_least(0),
      field("MaxRecordSizeInKiB", &Request::max_record_size_in_kib).range(1024, 10240),
      field("RecordDistributionStrategy", &Request::distribution).one_of(kDistributionStrategies),
  };
};

std::unexpected<Error> missing_shard_count() {
  api::Violations violations;
  violations.add_missing("shardCount");
  return std::unexpected(violations.to_error());
}

Result<void> handle(const Request& request, api::Context& context) {
  const bool is_on_demand = request.mode ? request.mode->mode == "ON_DEMAND" : !request.shard_count;
  streams::NewStream wanted;
  streams::StreamSettings& settings = wanted.settings;
  wanted.key = {context.scope, request.stream_name};
  if (context.world().catalogue().find(wanted.key))
    return std::unexpected(stream_exists(wanted.key));
  if (is_on_demand && request.shard_count) {
    return fail(streams::kInvalidArgument, "ShardCount is not expected when StreamMode=ON_DEMAND");
  }
  if (!is_on_demand && !request.shard_count) return missing_shard_count();
  if (request.warm_throughput_mibps) {
    if (!is_on_demand) return warm_throughput_needs_on_demand();
    TRY(check_warm_throughput(*request.warm_throughput_mibps, context));
    settings.warm_mibps = static_cast<std::uint32_t>(*request.warm_throughput_mibps);
  }
  if (request.distribution == "AUTO") {
    if (!is_on_demand) {
      return fail(streams::kInvalidArgument,
                  "RecordDistributionStrategy is only supported for streams in On-Demand mode.");
    }
    settings.distribution = streams::Distribution::kAuto;
  }
  settings.mode = is_on_demand ? streams::StreamMode::kOnDemand : streams::StreamMode::kProvisioned;
  wanted.shard_count =
      is_on_demand ? streams::kOnDemandShardsMin : static_cast<std::uint32_t>(*request.shard_count);
  if (request.max_record_size_in_kib) {
    settings.record_kib_max = static_cast<std::uint32_t>(*request.max_record_size_in_kib);
  }
  if (request.tags) {
    TRY(streams::add_tags(wanted.tags, *request.tags, wanted.key));
  }
  const auto written = TRY(context.world().catalogue().create(wanted));
  context.wait_for(written);
  return {};
}

}  // namespace

const Operation& CreateStream() {
  static constexpr Operation kOperation =
      api::make_operation<&handle>("CreateStream", api::Lane::kWorker);
  return kOperation;
}

}  // namespace millrace::kinesis
