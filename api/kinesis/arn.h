// Amazon Resource Names of streams and their consumers.

#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "streams/stream_key.h"

namespace millrace::kinesis {

// `arn:aws:kinesis:{region}:{account}:stream/{name}`, in the partition of the region.
[[nodiscard]] std::string stream_arn(const streams::StreamKey& key);

// `{stream's ARN}/consumer/{name}:{creation second}`.
[[nodiscard]] std::string consumer_arn(const streams::StreamKey& stream, std::string_view name,
                                       std::int64_t creation_second);

struct ConsumerArn {
  streams::StreamKey stream;
  std::string name;
  std::int64_t creation_second = 0;
};

// Nothing if it is no such ARN.
[[nodiscard]] std::optional<ConsumerArn> parse_consumer_arn(std::string_view arn);

// Returns the stream an ARN of any partition names; the ARN of a consumer names its stream too.
// Returns nullopt if it is no such ARN.
[[nodiscard]] std::optional<streams::StreamKey> parse_stream_arn(std::string_view arn);

}  // namespace millrace::kinesis
