#include "app/world_news.h"

#include <string>
#include <string_view>

#include <spdlog/common.h>
#include <spdlog/logger.h>

#include "base/metrics.h"
#include "streams/stream_key.h"
#include "streams/surroundings.h"

namespace millrace::app {

void WorldNews::count_exceeded(std::string_view limit) {
  metrics_
      .counter("millrace_limits_exceeded_total",
               "What was over a limit of the service, refused or only observed.",
               "limit=\"" + std::string(limit) + "\"")
      .add();
  log_.debug("over a limit: {}", limit);
}

void WorldNews::log_transition(const streams::Transition& transition) {
  if (!log_.should_log(spdlog::level::debug)) return;
  const streams::StreamKey& key = transition.stream;
  log_.debug("stream {}/{}/{}: {} -> {}; shards closed: {}, opened: {}", key.scope.account,
             key.scope.region, key.name, transition.from, transition.to, transition.shards_closed,
             transition.shards_opened);
}

void WorldNews::log_offset_max() {
  log_.warn("product time is 100 years ahead of this machine's clock: its rate is 1 again");
}

}  // namespace millrace::app
