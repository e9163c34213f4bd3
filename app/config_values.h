// What stands in options: lists, times, ports, streams to create at start.

#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "streams/surroundings.h"

namespace millrace::app {

inline constexpr ErrorCode kBadConfig{"bad_config"};

// A stream to make at start.
struct InitialStream {
  std::string name;
  std::uint32_t shard_count = 4;
  std::string region;  // Empty: the default.
};

// The values of a list: there are commas or blanks between them.
[[nodiscard]] std::vector<std::string_view> split_list(std::string_view text);

// At least one, each once. Errors: kBadConfig.
[[nodiscard]] Result<std::vector<std::uint16_t>> parse_ports(const std::vector<std::string>& texts);

// `name:shards:region` each; shards and region may be left out. Errors: kBadConfig.
[[nodiscard]] Result<std::vector<InitialStream>> parse_initial_streams(
    const std::vector<std::string>& texts);

// True if `text` has the form of a region of one of AWS's partitions, as us-east-1 has and us-east1
// has not.
[[nodiscard]] bool looks_like_region(std::string_view text);

// A time for all transitions (milliseconds without a unit), or `create=` and a time, `delete=`,
// `reshard=`, `update=`, `consumer=`.
// Errors: kBadConfig.
[[nodiscard]] Result<void> parse_delay(std::string_view text, streams::TransitionDelays& delays);

}  // namespace millrace::app
