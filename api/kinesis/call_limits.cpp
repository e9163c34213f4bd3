#include "api/kinesis/call_limits.h"

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "api/context.h"
#include "api/kinesis/arn.h"
#include "api/operation.h"
#include "api/service.h"
#include "api/value.h"
#include "base/error.h"
#include "streams/errors.h"
#include "streams/quota.h"
#include "streams/stream_key.h"
#include "world/world.h"

namespace millrace::kinesis {
namespace {

// The stream a body names, as far as it can be told before the body is checked.
std::optional<streams::StreamKey> stream_in(api::Value& body, const api::Context& context) {
  const auto text = [&](std::string_view member) -> const std::string* {
    const api::Value* value = body.find(member);
    return value != nullptr ? std::get_if<std::string>(&value->held) : nullptr;
  };
  // A longer text names nothing; it has not been validated yet, and becomes part of a bucket's
  // name.
  constexpr std::size_t kNameMax = 2048;
  for (const std::string_view member : {"StreamARN", "ConsumerARN", "ResourceARN"}) {
    const std::string* arn = text(member);
    if (arn == nullptr || arn->size() > kNameMax) continue;
    if (auto key = parse_stream_arn(*arn)) return key;
  }
  if (const std::string* name = text("StreamName"); name != nullptr && name->size() <= kNameMax) {
    return streams::StreamKey{context.scope, *name};
  }
  return std::nullopt;
}

bool applies(const api::Operation& operation, const api::Context& context) {
  return !context.world().quotas().is_off() && operation.rate.per_second != 0;
}

Result<void> check(const api::Operation& operation, api::Value& body, api::Context& context) {
  const auto stream = stream_in(body, context);
  std::string subject =
      std::string(operation.name) + " " + context.scope.account + " " + context.scope.region;
  if (operation.rate.is_per_stream && stream) {
    subject += " " + stream->scope.account + " " + stream->scope.region + " " + stream->name;
  }
  if (context.world().quotas().call(subject, operation.rate.per_second)) return {};
  if (stream) return std::unexpected(streams::stream_rate_exceeded(*stream));
  return fail(streams::kLimitExceeded, "Rate exceeded for account " + context.scope.account + ".");
}

}  // namespace

const api::CallLimits kCallLimits{&applies, &check};

}  // namespace millrace::kinesis
