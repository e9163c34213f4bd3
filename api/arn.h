// Amazon Resource Names of streams.

#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "streams/stream_key.h"

namespace millrace::api {

// `arn:aws:kinesis:{region}:{account}:stream/{name}`, in the partition of the region.
[[nodiscard]] std::string stream_arn(const streams::StreamKey& key);

// The stream an ARN names; that of a consumer names its stream too. Nothing if it is no such ARN.
[[nodiscard]] std::optional<streams::StreamKey> parse_stream_arn(std::string_view arn);

}  // namespace millrace::api
