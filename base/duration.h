// Times of a length, as people write them: `500ms`, `2s`, `5m`, `1h`.

#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include "base/error.h"

namespace millrace {

inline constexpr ErrorCode kBadDuration{"bad_duration"};

// `500ms`, `2s`, `5m`, `1h`; with a `unit`, `500` are so many of it. Errors: kBadDuration, with a
// sentence for people.
[[nodiscard]] Result<std::chrono::milliseconds> parse_duration(
    std::string_view text, std::optional<std::chrono::milliseconds> unit = {});

// As parse_duration() takes it, in the largest unit that fits: `1500ms`, `2s`.
[[nodiscard]] std::string show_duration(std::chrono::milliseconds time);

}  // namespace millrace
