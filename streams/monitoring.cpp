#include "streams/monitoring.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace millrace::streams {
namespace {

// Source: the AWS command line's example of enable-enhanced-monitoring with ALL, which was recorded
// from the service. That fewer metrics are listed in the same order is a guess.
constexpr std::array<std::string_view, kShardMetrics.size()> kListed = {
    "IncomingBytes",
    "OutgoingRecords",
    "IteratorAgeMilliseconds",
    "IncomingRecords",
    "ReadProvisionedThroughputExceeded",
    "WriteProvisionedThroughputExceeded",
    "OutgoingBytes"};

// Returns the place in which a metric is stored; past the last one for an unknown name.
std::size_t place_of(std::string_view name) {
  return static_cast<std::size_t>(std::ranges::find(kShardMetrics, name) - kShardMetrics.begin());
}

}  // namespace

ShardMetrics parse_metrics(const std::vector<std::string>& names) {
  ShardMetrics metrics;
  for (const std::string& name : names) {
    if (name == kAllShardMetrics) return ShardMetrics{}.set();
    if (const std::size_t place = place_of(name); place < metrics.size()) metrics.set(place);
  }
  return metrics;
}

std::vector<std::string> names_of(const ShardMetrics& metrics) {
  std::vector<std::string> names;
  for (const std::string_view name : kListed) {
    if (metrics.test(place_of(name))) names.emplace_back(name);
  }
  return names;
}

}  // namespace millrace::streams
