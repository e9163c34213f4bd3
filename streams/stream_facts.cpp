#include "streams/stream_facts.h"

#include <optional>
#include <string_view>

#include "base/time_point.h"

namespace millrace::streams {

std::string_view to_text(StreamStatus status) {
  switch (status) {
    case StreamStatus::kCreating:
      return "CREATING";
    case StreamStatus::kActive:
      return "ACTIVE";
    case StreamStatus::kUpdating:
      return "UPDATING";
    case StreamStatus::kDeleting:
      return "DELETING";
  }
  return "";
}

std::string_view to_text(StreamMode mode) {
  return mode == StreamMode::kOnDemand ? "ON_DEMAND" : "PROVISIONED";
}

std::string_view to_text(Distribution distribution) {
  return distribution == Distribution::kAuto ? "AUTO" : "USER_PARTITION_KEY";
}

StreamStatus StreamFacts::status_at(TimePoint now) const {
  if (gone_at) return StreamStatus::kDeleting;
  if (now < active_at) return StreamStatus::kCreating;
  if (update) return StreamStatus::kUpdating;
  return StreamStatus::kActive;
}

std::optional<TimePoint> StreamFacts::next_due() const {
  if (gone_at) return gone_at;
  return update ? std::optional(update->due) : std::nullopt;
}

}  // namespace millrace::streams
