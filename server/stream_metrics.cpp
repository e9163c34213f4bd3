#include "server/stream_metrics.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/metrics.h"
#include "base/scope.h"
#include "base/time_point.h"
#include "storage/engine.h"
#include "streams/catalogue.h"
#include "streams/shard_map.h"
#include "streams/stream.h"
#include "streams/stream_key.h"
#include "streams/stream_meter.h"

namespace millrace::server {
namespace {

double seconds_of(std::int64_t millis) { return static_cast<double>(millis) / 1000; }

std::string labels_of(const streams::StreamKey& key, std::string_view name) {
  return "account=\"" + key.scope.account + "\",region=\"" + key.scope.region + "\",stream=\"" +
         std::string(name) + "\"";
}

using Totals = streams::StreamMeter::Totals;

constexpr std::array kTotals = {&Totals::records_in, &Totals::bytes_in, &Totals::records_out,
                                &Totals::bytes_out};

}  // namespace

// One line of each metric.
struct StreamMetrics::Row {
  std::string labels;
  streams::StreamMeter::Totals totals;
  std::uint64_t stored_bytes = 0;
  std::optional<std::int64_t> oldest_millis;
  std::map<std::string, std::int64_t, std::less<>> millis_behind;  // By consumer.

  // Takes in another stream's.
  void add(Row&& other) {
    totals.records_in += other.totals.records_in;
    totals.bytes_in += other.totals.bytes_in;
    totals.records_out += other.totals.records_out;
    totals.bytes_out += other.totals.bytes_out;
    stored_bytes += other.stored_bytes;
    oldest_millis = std::max(oldest_millis, other.oldest_millis);
    for (const auto& [consumer, millis] : other.millis_behind) {
      // Registered consumers of many streams together say nothing.
      if (!consumer.empty()) continue;
      const auto [found, is_new] = millis_behind.try_emplace(consumer, millis);
      if (!is_new) found->second = std::max(found->second, millis);
    }
  }
};

std::optional<TimePoint> StreamMetrics::oldest_of(const storage::Engine& engine,
                                                  storage::LogId log) {
  const auto bounds = engine.bounds(log);
  if (!bounds || bounds->begin >= bounds->published) return std::nullopt;
  const auto known = known_.find(log);
  std::optional<First> first;
  if (known != known_.end() && known->second.begin == bounds->begin) {
    first = known->second;
  } else {
    std::ignore =
        engine.read(log, bounds->begin, bounds->published, [&](const storage::Entries& entries) {
          first = First{bounds->begin, entries.arrival};
          return false;
        });
  }
  if (!first) return std::nullopt;
  found_[log] = *first;
  return first->arrival;
}

StreamMetrics::Row StreamMetrics::row_of(
    const Source& source, streams::Stream& stream,
    const std::unordered_map<storage::LogId, std::uint64_t>& sizes) {
  const auto [facts, shards] = stream.state();
  const TimePoint now = source.clock.now();
  Row row;
  row.labels = labels_of(facts->key, facts->key.name);
  row.totals = stream.meter().totals();
  row.millis_behind = stream.meter().millis_behind();
  for (const streams::Shard& shard : shards->shards()) {
    const storage::LogId log = streams::log_of(facts->id, shard.index);
    const auto size = sizes.find(log);
    if (size != sizes.end()) row.stored_bytes += size->second;
    const auto oldest = oldest_of(source.engine, log);
    if (!oldest) continue;
    // One that has expired may lie there for a while, and nobody reads it.
    const TimePoint readable = std::max(*oldest, facts->horizon_at(now));
    const std::int64_t age = std::max<std::int64_t>(millis_of(now) - millis_of(readable), 0);
    row.oldest_millis = std::max(row.oldest_millis, std::optional(age));
  }
  return row;
}

void StreamMetrics::write(MetricsText& text, const Source& source) {
  const std::lock_guard lock(mutex_);
  std::unordered_map<storage::LogId, std::uint64_t> sizes;
  // What cannot be read is not counted; whoever reads the records meets the error.
  std::ignore = source.engine.visit_sizes(
      [&](storage::LogId log, std::uint64_t bytes) { sizes[log] += bytes; });
  auto all = source.catalogue.list_all();
  std::ranges::sort(all, {}, [](const auto& stream) { return stream->state().facts->id; });
  std::vector<Row> rows;
  std::map<Scope, Row> sums;
  for (const auto& stream : all) {
    Row row = row_of(source, *stream, sizes);
    if (rows.size() < streams_max_) {
      rows.push_back(std::move(row));
      continue;
    }
    const streams::StreamKey key = stream->state().facts->key;
    Row& sum = sums[key.scope];
    sum.labels = labels_of(key, "*");
    sum.add(std::move(row));
  }
  for (auto& [scope, sum] : sums) {
    // A stream that is deleted or gets lines of its own leaves the sum, which must not fall.
    Totals& highest = highest_[scope];
    for (const auto member : kTotals) {
      highest.*member = std::max(highest.*member, sum.totals.*member);
    }
    sum.totals = highest;
    rows.push_back(std::move(sum));
  }
  known_ = std::exchange(found_, {});

  const auto totals = [&](std::string_view name, std::string_view help, auto member) {
    text.begin(name, help, "counter");
    for (const Row& row : rows) text.sample(row.labels, row.totals.*member);
  };
  totals("millrace_stream_incoming_records_total", "Records put into a stream since the start.",
         &Totals::records_in);
  totals("millrace_stream_incoming_bytes_total", "Bytes of their data and partition keys.",
         &Totals::bytes_in);
  totals("millrace_stream_outgoing_records_total",
         "Records given to readers of a stream since the start.", &Totals::records_out);
  totals("millrace_stream_outgoing_bytes_total", "Bytes of their data and partition keys.",
         &Totals::bytes_out);
  text.begin("millrace_stream_stored_bytes", "Bytes that a stream's records take in the store.",
             "gauge");
  for (const Row& row : rows) text.sample(row.labels, row.stored_bytes);
  text.begin("millrace_stream_oldest_record_age_seconds", "Age of the oldest readable record.",
             "gauge");
  for (const Row& row : rows) {
    if (row.oldest_millis) text.sample(row.labels, seconds_of(*row.oldest_millis));
  }
  text.begin("millrace_stream_lag_seconds",
             "How far the last GetRecords of any shard was behind its newest record.", "gauge");
  for (const Row& row : rows) {
    const auto polling = row.millis_behind.find("");
    if (polling != row.millis_behind.end()) text.sample(row.labels, seconds_of(polling->second));
  }
  text.begin("millrace_consumer_lag_seconds",
             "How far the last event of any shard for a registered consumer was behind its newest "
             "record.",
             "gauge");
  for (const Row& row : rows) {
    for (const auto& [consumer, millis] : row.millis_behind) {
      if (consumer.empty()) continue;
      text.sample(row.labels + ",consumer=\"" + consumer + "\"", seconds_of(millis));
    }
  }
}

}  // namespace millrace::server
