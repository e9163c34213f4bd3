// Streams that are made at start.

#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "app/config_values.h"
#include "base/clock.h"
#include "base/error.h"
#include "server/defaults.h"
#include "streams/catalogue.h"
#include "streams/stream_key.h"

namespace spdlog {
class logger;  // NOLINT(readability-identifier-naming): its name.
}

namespace millrace::app {

class InitialStreams {
 public:
  // Makes those that are not there; an existing one is kept as it is. Errors: the catalogue's.
  [[nodiscard]] static Result<InitialStreams> create(const std::vector<InitialStream>& wanted,
                                                     const server::Defaults& defaults,
                                                     streams::Catalogue& catalogue,
                                                     const Clock& clock, spdlog::logger& log);

  // Time until each has been ACTIVE; nothing or less once it was. Thread-safe.
  [[nodiscard]] std::chrono::milliseconds time_left() const;

 private:
  InitialStreams(TimePoint active_at, const Clock& clock) : active_at_(active_at), clock_(&clock) {}

  TimePoint active_at_;
  const Clock* clock_;
};

}  // namespace millrace::app
