#include "app/initial_streams.h"

#include <algorithm>
#include <cstddef>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <spdlog/logger.h>

#include "app/config_values.h"
#include "base/error.h"
#include "base/time_point.h"
#include "base/try.h"
#include "server/defaults.h"
#include "streams/account_limits.h"
#include "streams/catalogue.h"
#include "streams/errors.h"

namespace millrace::app {

Result<void> InitialStreams::create(streams::Catalogue& catalogue,
                                    const streams::Catalogue::Meant& is_meant) {
  TimePoint active_at{};
  for (const InitialStream& initial : wanted_) {
    streams::NewStream stream;
    stream.key = {{defaults_.account, initial.region.empty() ? defaults_.region : initial.region},
                  initial.name};
    if (!is_meant(stream.key)) continue;
    stream.shard_count = initial.shard_count;
    const auto created = catalogue.create(stream);
    if (!created && created.error().code != streams::kResourceInUse) {
      return std::unexpected(created.error());
    }
    const auto found = TRY(catalogue.find(stream.key));
    const auto [facts, shards] = found->state();
    active_at = std::max(active_at, facts->active_at);
    const std::size_t count = shards->open_shards().size();
    const std::string what = fmt::format("{} ({} shard{}, {})", initial.name, count,
                                         count == 1 ? "" : "s", stream.key.scope.region);
    if (created) {
      log_.info("created stream {}", what);
    } else if (count == initial.shard_count) {
      log_.info("stream {} exists already", what);
    } else {
      log_.warn("stream {} exists already and keeps its shards; {} were asked for", what,
                initial.shard_count);
    }
  }
  active_at_ = active_at;
  return {};
}

}  // namespace millrace::app
