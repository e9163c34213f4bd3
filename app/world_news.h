// Tells the log and the metrics of what happens in a world.

#pragma once

#include <string_view>

#include "base/metrics.h"
#include "streams/surroundings.h"

namespace spdlog {
class logger;  // NOLINT(readability-identifier-naming): its name.
}

namespace millrace::app {

// Thread-safe.
class WorldNews {
 public:
  // Both outlive it.
  WorldNews(Metrics& metrics, spdlog::logger& log) : metrics_(metrics), log_(log) {}

  void count_exceeded(std::string_view limit);
  void log_transition(const streams::Transition& transition);
  void log_offset_max();

 private:
  Metrics& metrics_;
  spdlog::logger& log_;
};

}  // namespace millrace::app
