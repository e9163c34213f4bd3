// DescribeStreamSummary: a stream without its shards.
//
// Source: API_DescribeStreamSummary, Kinesis API reference. There is no StreamId: a client that is
// given one leaves its endpoint override aside.

#include <cstdint>
#include <optional>
#include <string>
#include <tuple>
#include <vector>

#include "api/arn.h"
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
  std::string stream_name;
  std::string stream_arn;
  std::string stream_status;
  StreamModeDetails stream_mode_details;
  std::int32_t retention_period_hours = 0;
  TimePoint stream_creation_timestamp{};
  std::vector<EnhancedMetrics> enhanced_monitoring{{}};
  std::string encryption_type = "NONE";
  std::int32_t open_shard_count = 0;
  std::int32_t consumer_count = 0;
  std::int32_t channel_count = 0;
  std::int32_t queue_count = 0;
  std::int32_t max_record_size_in_kib = 0;
  std::optional<std::string> record_distribution_strategy;

  static constexpr auto fields = std::tuple{
      field("StreamName", &Summary::stream_name).required(),
      field("StreamARN", &Summary::stream_arn).required(),
      field("StreamStatus", &Summary::stream_status).required(),
      field("StreamModeDetails", &Summary::stream_mode_details),
      field("RetentionPeriodHours", &Summary::retention_period_hours).required(),
      field("StreamCreationTimestamp", &Summary::stream_creation_timestamp).required(),
      field("EnhancedMonitoring", &Summary::enhanced_monitoring).required(),
      field("EncryptionType", &Summary::encryption_type),
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
  summary.stream_name = state.facts->key.name;
  summary.stream_arn = api::stream_arn(state.facts->key);
  summary.stream_status = streams::to_text(state.facts->status_at(now));
  summary.stream_mode_details = to_shape(state.facts->mode);
  summary.retention_period_hours = state.facts->retention_hours;
  summary.stream_creation_timestamp = time_from_millis(seconds_of(state.facts->created_at) * 1000);
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
