#include "api/kinesis/arn.h"

#include <array>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>

#include "base/scope.h"
#include "streams/stream_key.h"

namespace millrace::kinesis {
namespace {

constexpr std::string_view kConsumer = "/consumer/";

}  // namespace

std::string stream_arn(const streams::StreamKey& key) {
  return "arn:" + std::string(partition_of(key.scope.region)) + ":kinesis:" + key.scope.region +
         ":" + key.scope.account + ":stream/" + key.name;
}

std::string consumer_arn(const streams::StreamKey& stream, std::string_view name,
                         std::int64_t creation_second) {
  return stream_arn(stream) + std::string(kConsumer) + std::string(name) + ":" +
         std::to_string(creation_second);
}

std::optional<ConsumerArn> parse_consumer_arn(std::string_view arn) {
  const std::size_t consumer = arn.find(kConsumer);
  const std::size_t colon = arn.rfind(':');
  if (consumer == std::string_view::npos || colon < consumer) return std::nullopt;
  const auto stream = parse_stream_arn(arn.substr(0, consumer));
  if (!stream) return std::nullopt;
  const std::size_t name = consumer + kConsumer.size();
  const std::string_view digits = arn.substr(colon + 1);
  std::int64_t second = 0;
  const auto parsed = std::from_chars(digits.data(), digits.data() + digits.size(), second);
  if (parsed.ec != std::errc{} || parsed.ptr != digits.data() + digits.size()) return std::nullopt;
  return ConsumerArn{*stream, std::string(arn.substr(name, colon - name)), second};
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

}  // namespace millrace::kinesis
