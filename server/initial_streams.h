// Streams that are made at start.

#pragma once

#include <atomic>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/error.h"
#include "server/config.h"
#include "streams/catalogue.h"
#include "streams/stream_key.h"

namespace spdlog {
class logger;
}

namespace millrace::server {

class InitialStreams {
 public:
  // Makes those that are not there; an existing one is kept as it is. Errors: the catalogue's.
  [[nodiscard]] static Result<InitialStreams> create(const std::vector<InitialStream>& wanted,
                                                     const Defaults& defaults,
                                                     streams::Catalogue& catalogue,
                                                     const Clock& clock, spdlog::logger& log);

  // Whether each has been ACTIVE. Thread-safe.
  [[nodiscard]] bool are_active() const;

 private:
  InitialStreams(TimePoint active_at, const Clock& clock) : active_at_(active_at), clock_(&clock) {}

  TimePoint active_at_;
  const Clock* clock_;
};

}  // namespace millrace::server
