// DescribeStreamSummary: a stream without its shards.
//
// Source: API_DescribeStreamSummary, Kinesis API reference. There is no StreamId: a client that is
// given one leaves its endpoint override aside.

#include <cstdint>
#include <optional>
#include <string>
#include <tuple>

#include "api/context.h"
#include "api/kinesis/operations.h"
#include "api/kinesis/resources.h"
#include "api/kinesis/shapes.h"
#include "api/kinesis/warm_throughput.h"
#include "api/operation.h"
#include "base/error.h"
#include "base/time_point.h"
#include "base/try.h"
#include "streams/consumers.h"
#include "streams/stream.h"
#include "streams/stream_facts.h"
#include "world/world.h"

namespace millrace::kinesis {
namespace {

struct Request {
  StreamRef stream;

  static constexpr auto fields = std::tuple{flatten(&Request::stream)};
};

struct Summary {
  StreamBasics basics;
  std::int32_t open_shard_count = 0;
  std::int32_t consumer_count = 0;
  std::int32_t channel_count = 0;
  std::int32_t queue_count = 0;
  std::int32_t max_record_size_in_kib = 0;
  std::optional<std::string> record_distribution_strategy;
  std::optional<WarmThroughput> warm_throughput;

  static constexpr auto fields = std::tuple{
      flatten(&Summary::basics),
      field("OpenShardCount", &Summary::open_shard_count).required(),
      field("ConsumerCount", &Summary::consumer_count),
      field("ChannelCount", &Summary::channel_count),
      field("QueueCount", &Summary::queue_count),
      field("MaxRecordSizeInKiB", &Summary::max_record_size_in_kib),
      field("RecordDistributionStrategy", &Summary::record_distribution_strategy),
      field("WarmThroughput", &Summary::warm_throughput),
  };
};

struct Response {
  Summary summary;

  static constexpr auto fields = std::tuple{
      field("StreamDescriptionSummary", &Response::summary).required(),
  };
};

Result<Response> handle(const Request& request, api::Context& context) {
  const auto stream = TRY(find_stream(context, request.stream));

  const auto state = stream->state();
  const TimePoint now = context.world().clock().now();
  Response response;
  Summary& summary = response.summary;
  summary.basics = to_shape(*state.facts, now);
  const streams::StreamSettings& settings = state.facts->settings;
  summary.max_record_size_in_kib = static_cast<std::int32_t>(settings.record_kib_max);
  summary.consumer_count =
      static_cast<std::int32_t>(streams::count_consumers(state.facts->consumers, now));
  if (settings.mode == streams::StreamMode::kOnDemand) {
    summary.record_distribution_strategy = streams::to_text(settings.distribution);
    summary.warm_throughput = warm_throughput(*state.facts, context);
  }
  if (require_readable(*state.facts, now)) {
    summary.open_shard_count = static_cast<std::int32_t>(state.shards->open_count());
  }
  return response;
}

}  // namespace

const Operation& DescribeStreamSummary() {
  static constexpr Operation kOperation =
      api::make_hot_operation<&handle>("DescribeStreamSummary", {20});
  return kOperation;
}

}  // namespace millrace::kinesis
