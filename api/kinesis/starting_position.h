// Where in a shard reading begins, as GetShardIterator and SubscribeToShard name it.
//
// Source: API_GetShardIterator, API_StartingPosition, Kinesis API reference; order of checks and
// texts: tests/conformance/test_get.py.

#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/error.h"
#include "base/time_point.h"
#include "streams/shard_map.h"
#include "streams/stream.h"

namespace millrace::kinesis {

struct Start {
  std::string type;  // One of kShardIteratorTypes.
  std::optional<std::string> sequence_number;
  std::optional<TimePoint> timestamp;
};

// Errors: kInvalidArgument, kInternalFailure for a number of version 0, both as the service words
// them; `operation` is in the texts.
[[nodiscard]] Result<streams::ReadFrom> read_from(const Start& start, std::string_view operation,
                                                  const streams::Stream& stream,
                                                  const streams::Shard& shard, TimePoint now);

}  // namespace millrace::kinesis
