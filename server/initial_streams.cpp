#include "server/initial_streams.h"

#include <algorithm>
#include <vector>

#include <spdlog/logger.h>

#include "base/clock.h"
#include "base/error.h"
#include "server/config.h"
#include "server/defaults.h"
#include "streams/catalogue.h"
#include "streams/errors.h"

namespace millrace::server {

Result<InitialStreams> InitialStreams::create(const std::vector<InitialStream>& wanted,
                                              const Defaults& defaults,
                                              streams::Catalogue& catalogue, const Clock& clock,
                                              spdlog::logger& log) {
  TimePoint active_at{};
  for (const InitialStream& initial : wanted) {
    streams::NewStream stream;
    stream.key = {defaults.account, initial.region.empty() ? defaults.region : initial.region,
                  initial.name};
    stream.shard_count = initial.shard_count;
    const auto created = catalogue.create(stream);
    if (created) {
      log.info("made stream {} with {} shards in {}", initial.name, initial.shard_count,
               stream.key.region);
    } else if (created.error().code == streams::kResourceInUse) {
      log.info("stream {} exists in {} and is kept as it is", initial.name, stream.key.region);
    } else {
      return std::unexpected(created.error());
    }
    if (const auto found = catalogue.find(stream.key)) {
      active_at = std::max(active_at, (*found)->state().facts->active_at);
    }
  }
  return InitialStreams(active_at, clock);
}

bool InitialStreams::are_active() const { return clock_->now() >= active_at_; }

}  // namespace millrace::server
