// What /metrics says of each stream.

#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>

#include "base/clock.h"
#include "base/metrics.h"
#include "base/scope.h"
#include "base/time_point.h"
#include "storage/engine.h"
#include "streams/catalogue.h"
#include "streams/stream.h"
#include "streams/stream_meter.h"

namespace millrace::server {

// Thread-safe.
class StreamMetrics {
 public:
  // Streams with lines of their own, those made first. The others are summed by account and region,
  // under the name `*`, which no stream has.
  static constexpr std::size_t kStreamsMax = 1'000;

  // The streams of a world. No two that are given to the same object have a log in common.
  struct Source {
    const storage::Engine& engine;
    const Clock& clock;
    streams::Catalogue& catalogue;
  };

  explicit StreamMetrics(std::size_t streams_max = kStreamsMax) : streams_max_(streams_max) {}

  void write(MetricsText& text, const Source& source);

 private:
  struct First {
    storage::Position begin = 0;
    TimePoint arrival{};
  };
  struct Row;

  [[nodiscard]] Row row_of(const Source& source, streams::Stream& stream,
                           const std::unordered_map<storage::LogId, std::uint64_t>& sizes);
  // When the oldest record of a log arrived; nothing if there is none.
  [[nodiscard]] std::optional<TimePoint> oldest_of(const storage::Engine& engine,
                                                   storage::LogId log);

  const std::size_t streams_max_;
  std::mutex mutex_;  // One scrape at a time; guards what follows.
  // The oldest records by log, from the last scrape on: it is read again only once it has gone.
  std::unordered_map<storage::LogId, First> known_;
  std::unordered_map<storage::LogId, First> found_;
  // What the sums have shown, by account and region.
  std::map<Scope, streams::StreamMeter::Totals> highest_;
};

}  // namespace millrace::server
