#include "streams/monitoring.h"

#include <algorithm>
#include <cstddef>
#include <string>
#include <vector>

namespace millrace::streams {

ShardMetrics parse_metrics(const std::vector<std::string>& names) {
  ShardMetrics metrics;
  for (const std::string& name : names) {
    if (name == kAllShardMetrics) return ShardMetrics{}.set();
    const auto* const found = std::ranges::find(kShardMetrics, name);
    if (found != kShardMetrics.end()) {
      metrics.set(static_cast<std::size_t>(found - kShardMetrics.begin()));
    }
  }
  return metrics;
}

std::vector<std::string> names_of(const ShardMetrics& metrics) {
  std::vector<std::string> names;
  for (std::size_t i = 0; i < kShardMetrics.size(); ++i) {
    if (metrics.test(i)) names.emplace_back(kShardMetrics[i]);
  }
  return names;
}

}  // namespace millrace::streams
