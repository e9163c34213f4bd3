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
#include "api/kinesis/shapes.h"
#include "api/operation.h"
#include "base/clock.h"
#include "base/error.h"
#include "streams/stream_facts.h"

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

  static constexpr auto fields = std::tuple{
      flatten(&Summary::basics),
      field("OpenShardCount", &Summary::open_shard_count).required(),
      field("ConsumerCount", &Summary::consumer_count),
      field("ChannelCount", &Summary::channel_count),
      field("QueueCount", &Summary::queue_count),
      field("MaxRecordSizeInKiB", &Summary::max_record_size_in_kib),
      field("RecordDistributionStrategy", &Summary::record_distribution_strategy),
  };
};

struct Response {
  Summary summary;

  static constexpr auto fields = std::tuple{
      field("StreamDescriptionSummary", &Response::summary).required(),
  };
};

Result<Response> handle(const Request& request, api::Context& context) {
  const auto stream = find_stream(context, request.stream);
  if (!stream) return std::unexpected(stream.error());

  const auto state = (*stream)->state();
  const TimePoint now = context.clock.now();
  Response response;
  Summary& summary = response.summary;
  summary.basics = to_shape(*state.facts, now);
  summary.max_record_size_in_kib = static_cast<std::int32_t>(state.facts->record_kib_max);
  if (state.facts->mode == streams::StreamMode::kOnDemand) {
    summary.record_distribution_strategy = "USER_PARTITION_KEY";
  }
  if (require_readable(*state.facts, now)) {
    summary.open_shard_count = static_cast<std::int32_t>(state.shards->open_count());
  }
  return response;
}

}  // namespace

const Operation& DescribeStreamSummary() {
  static constexpr Operation kOperation = api::make_operation<&handle>("DescribeStreamSummary");
  return kOperation;
}

}  // namespace millrace::kinesis
