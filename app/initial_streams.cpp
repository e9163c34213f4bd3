#include "app/initial_streams.h"

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <spdlog/logger.h>

#include "app/config_values.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/try.h"
#include "server/defaults.h"
#include "streams/account_limits.h"
#include "streams/catalogue.h"
#include "streams/errors.h"

namespace millrace::app {

Result<InitialStreams> InitialStreams::create(const std::vector<InitialStream>& wanted,
                                              const server::Defaults& defaults,
                                              streams::Catalogue& catalogue, const Clock& clock,
                                              spdlog::logger& log) {
  TimePoint active_at{};
  for (const InitialStream& initial : wanted) {
    streams::NewStream stream;
    stream.key = {{defaults.account, initial.region.empty() ? defaults.region : initial.region},
                  initial.name};
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
      log.info("created stream {}", what);
    } else if (count == initial.shard_count) {
      log.info("stream {} exists already", what);
    } else {
      log.warn("stream {} exists already and keeps its shards; {} were asked for", what,
               initial.shard_count);
    }
  }
  return InitialStreams(active_at, clock);
}

std::chrono::milliseconds InitialStreams::time_left() const { return active_at_ - clock_->now(); }

}  // namespace millrace::app
