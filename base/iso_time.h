// Times as ISO 8601 writes them (RFC 3339): `2026-11-30T12:00:00Z`.

#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/time_point.h"

namespace millrace {

// In UTC; with three decimals where the time has milliseconds.
[[nodiscard]] std::string iso_time(TimePoint time);

// Returns nullopt if `text` is no such time. Decimals beyond the third are cut off; an offset from
// UTC may stand in place of the Z.
[[nodiscard]] std::optional<TimePoint> parse_iso_time(std::string_view text);

}  // namespace millrace
