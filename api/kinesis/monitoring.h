// What EnableEnhancedMonitoring and DisableEnhancedMonitoring share: all but the direction.

#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "api/context.h"
#include "api/field.h"
#include "api/kinesis/resources.h"
#include "base/error.h"

namespace millrace::kinesis {

inline constexpr std::array<std::string_view, 8> kMetricNames = {
    "IncomingBytes",
    "IncomingRecords",
    "OutgoingBytes",
    "OutgoingRecords",
    "WriteProvisionedThroughputExceeded",
    "ReadProvisionedThroughputExceeded",
    "IteratorAgeMilliseconds",
    "ALL"};

struct MonitoringRequest {
  std::vector<std::string> shard_level_metrics;
  OptionalStreamRef stream;

  static constexpr auto fields = std::tuple{
      field("ShardLevelMetrics", &MonitoringRequest::shard_level_metrics)
          .length(1, 7)
          .elements_one_of(kMetricNames)
          .required(),
      flatten(&MonitoringRequest::stream),
  };
};

struct MonitoringResponse {
  std::string stream_name;
  std::vector<std::string> current;  // Before the call.
  std::vector<std::string> desired;  // After it.
  std::string stream_arn;

  static constexpr auto fields = std::tuple{
      field("StreamName", &MonitoringResponse::stream_name),
      field("CurrentShardLevelMetrics", &MonitoringResponse::current),
      field("DesiredShardLevelMetrics", &MonitoringResponse::desired),
      field("StreamARN", &MonitoringResponse::stream_arn),
  };
};

enum class MonitoringChange : std::uint8_t { kEnable, kDisable };

// Errors: stream_not_found, stream_not_active.
[[nodiscard]] Result<MonitoringResponse> set_monitoring(const MonitoringRequest& request,
                                                        api::Context& context,
                                                        MonitoringChange change);

}  // namespace millrace::kinesis
