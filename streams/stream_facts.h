// What is known of a stream apart from its shards and records, and its status as a function of
// time.

#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/time_point.h"
#include "streams/consumers.h"
#include "streams/monitoring.h"
#include "streams/on_demand.h"
#include "streams/shard_map.h"
#include "streams/stream_key.h"
#include "streams/tags.h"

namespace millrace::streams {

enum class StreamStatus : std::uint8_t { kCreating, kActive, kUpdating, kDeleting };

// Stored: do not renumber.
enum class StreamMode : std::uint8_t { kProvisioned = 0, kOnDemand = 1 };

// How records find their shards. Stored: do not renumber.
enum class Distribution : std::uint8_t { kUserPartitionKey = 0, kAuto = 1 };

[[nodiscard]] std::string_view to_text(StreamStatus status);
[[nodiscard]] std::string_view to_text(StreamMode mode);
[[nodiscard]] std::string_view to_text(Distribution distribution);

inline constexpr int kRetentionHoursMin = 24;
inline constexpr int kRetentionHoursMax = 8760;  // 365 days.
inline constexpr std::uint32_t kRecordKibDefault = 1024;

// What changes by way of UPDATING.
struct StreamSettings {
  StreamMode mode = StreamMode::kProvisioned;
  std::uint32_t record_kib_max = kRecordKibDefault;  // Of data and partition key.
  std::optional<std::string> kms_key_id;             // While records are encrypted.
  std::optional<std::uint32_t> warm_mibps;
  Distribution distribution = Distribution::kUserPartitionKey;

  friend bool operator==(const StreamSettings&, const StreamSettings&) = default;
};

// A change that was asked for and takes effect at `due`.
struct PendingUpdate {
  TimePoint due{};
  std::vector<Reshard> steps;
  StreamSettings settings;  // From then on.
};

struct StreamFacts {
  std::uint32_t id = 0;  // Never given twice in a store; the upper half of its logs' ids.
  StreamKey key;
  StreamSettings settings;
  int retention_hours = kRetentionHoursMin;
  TimePoint created_at{};
  TimePoint active_at{};
  std::optional<TimePoint> gone_at;  // Set by DeleteStream.
  std::optional<PendingUpdate> update;
  Tags tags;
  ShardMetrics shard_metrics;
  std::optional<std::string> policy;
  Consumers consumers;
  Peaks peaks;                // Of an on-demand stream.
  std::uint64_t changes = 0;  // How often its row was written anew: no two of its rows are equal.

  // Valid until the next due transition has been carried out (Catalogue::find does).
  [[nodiscard]] StreamStatus status_at(TimePoint now) const;

  // When the next transition is due, which must be carried out before the stream is used.
  [[nodiscard]] std::optional<TimePoint> next_due() const;
  [[nodiscard]] bool is_due(TimePoint now) const {
    const auto due = next_due();
    return due && *due <= now;
  }

  // Records that arrived before this are not readable any more.
  [[nodiscard]] TimePoint horizon_at(TimePoint now) const {
    return now - std::chrono::hours(retention_hours) + std::chrono::milliseconds(1);
  }

  // The most bytes of data and partition key a record may have.
  [[nodiscard]] std::size_t record_bytes_max() const {
    return std::size_t{settings.record_kib_max} * 1024;
  }
};

}  // namespace millrace::streams
