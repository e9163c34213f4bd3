#include "api/arn.h"

#include <array>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "streams/stream_key.h"

namespace millrace::api {
namespace {

std::string_view partition_of(std::string_view region) {
  if (region.starts_with("cn-")) return "aws-cn";
  if (region.starts_with("us-gov-")) return "aws-us-gov";
  return "aws";
}

}  // namespace

std::string stream_arn(const streams::StreamKey& key) {
  return "arn:" + std::string(partition_of(key.region)) + ":kinesis:" + key.region + ":" +
         key.account + ":stream/" + key.name;
}

std::optional<streams::StreamKey> parse_stream_arn(std::string_view arn) {
  std::array<std::string_view, 5> parts;
  for (std::string_view& part : parts) {
    const std::size_t colon = arn.find(':');
    if (colon == std::string_view::npos) return std::nullopt;
    part = arn.substr(0, colon);
    arn.remove_prefix(colon + 1);
  }
  constexpr std::string_view kResource = "stream/";
  if (parts[0] != "arn" || parts[2] != "kinesis" || !arn.starts_with(kResource)) {
    return std::nullopt;
  }
  arn.remove_prefix(kResource.size());
  const std::string_view name = arn.substr(0, arn.find('/'));
  return streams::StreamKey{std::string(parts[4]), std::string(parts[3]), std::string(name)};
}

}  // namespace millrace::api
