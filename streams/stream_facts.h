// What is known of a stream apart from its shards and records, and its status as a function of
// time.

#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "streams/shard_map.h"
#include "streams/stream_key.h"

namespace millrace::streams {

enum class StreamStatus : std::uint8_t { kCreating, kActive, kUpdating, kDeleting };
enum class StreamMode : std::uint8_t {
  kProvisioned = 0,
  kOnDemand = 1
};  // Stored: do not renumber.

[[nodiscard]] std::string_view to_text(StreamStatus status);
[[nodiscard]] std::string_view to_text(StreamMode mode);

using Tags = std::map<std::string, std::string, std::less<>>;

inline constexpr int kRetentionHoursMin = 24;
inline constexpr int kRetentionHoursMax = 8760;  // 365 days.
inline constexpr std::uint32_t kRecordKibDefault = 1024;

// A reshard that was asked for and takes effect at `due`.
struct PendingReshard {
  TimePoint due{};
  std::vector<Reshard> steps;
};

struct StreamFacts {
  std::uint32_t id = 0;  // Never given twice in a store; the upper half of its logs' ids.
  StreamKey key;
  StreamMode mode = StreamMode::kProvisioned;
  int retention_hours = kRetentionHoursMin;
  std::uint32_t record_kib_max = kRecordKibDefault;  // Of data and partition key.
  TimePoint created_at{};
  TimePoint active_at{};
  std::optional<TimePoint> gone_at;  // Set by DeleteStream.
  std::optional<PendingReshard> reshard;
  Tags tags;

  // Valid until the next due transition has been carried out (Catalogue::find does).
  [[nodiscard]] StreamStatus status_at(TimePoint now) const;

  // Whether something is due that must be carried out before the stream is used.
  [[nodiscard]] bool is_due(TimePoint now) const;

  // Records that arrived before this are not readable any more.
  [[nodiscard]] TimePoint horizon_at(TimePoint now) const {
    return now - std::chrono::hours(retention_hours) + std::chrono::milliseconds(1);
  }
};

}  // namespace millrace::streams
