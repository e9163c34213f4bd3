// Streams that are made at start.

#pragma once

#include <atomic>
#include <vector>

#include "app/config_values.h"
#include "base/error.h"
#include "base/time_point.h"
#include "server/defaults.h"
#include "streams/catalogue.h"

namespace spdlog {
class logger;  // NOLINT(readability-identifier-naming): its name.
}

namespace millrace::app {

class InitialStreams {
 public:
  // Both outlive it.
  InitialStreams(const std::vector<InitialStream>& wanted, const server::Defaults& defaults,
                 spdlog::logger& log)
      : wanted_(wanted), defaults_(defaults), log_(log) {}

  // Creates in `catalogue` those of which `is_meant` says so and that are not there; an existing
  // one is kept as it is. Errors: the catalogue's.
  [[nodiscard]] Result<void> create(streams::Catalogue& catalogue,
                                    const streams::Catalogue::Meant& is_meant);

  // When those that were created last have all been ACTIVE. Thread-safe.
  [[nodiscard]] TimePoint active_at() const { return active_at_.load(); }

 private:
  const std::vector<InitialStream>& wanted_;
  const server::Defaults& defaults_;
  spdlog::logger& log_;
  std::atomic<TimePoint> active_at_{};
};

}  // namespace millrace::app
