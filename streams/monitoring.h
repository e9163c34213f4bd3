// Which shard-level metrics a stream has switched on.
//
// Source: EnableEnhancedMonitoring, Kinesis API reference. They are kept and listed; the server's
// own metrics do not depend on them.

#pragma once

#include <array>
#include <bitset>
#include <string>
#include <string_view>
#include <vector>

namespace millrace::streams {

// In the model's order. Stored by place: do not reorder.
inline constexpr std::array<std::string_view, 7> kShardMetrics = {
    "IncomingBytes",
    "IncomingRecords",
    "OutgoingBytes",
    "OutgoingRecords",
    "WriteProvisionedThroughputExceeded",
    "ReadProvisionedThroughputExceeded",
    "IteratorAgeMilliseconds"};
inline constexpr std::string_view kAllShardMetrics = "ALL";

using ShardMetrics = std::bitset<kShardMetrics.size()>;

// Names that are none are passed over; ALL is all of them.
[[nodiscard]] ShardMetrics parse_metrics(const std::vector<std::string>& names);

// In the order in which the service lists them.
[[nodiscard]] std::vector<std::string> names_of(const ShardMetrics& metrics);

}  // namespace millrace::streams
