#include "api/operation.h"

#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "api/arn.h"
#include "api/context.h"
#include "api/value.h"
#include "base/error.h"
#include "streams/errors.h"
#include "streams/stream_key.h"

namespace millrace::api {
namespace {

// The stream a body names, as far as it can be told before the body is checked.
std::optional<streams::StreamKey> stream_in(Value& body, const Context& context) {
  const auto text = [&](std::string_view member) -> const std::string* {
    const Value* value = body.find(member);
    return value != nullptr ? std::get_if<std::string>(&value->held) : nullptr;
  };
  for (const std::string_view member : {"StreamARN", "ConsumerARN", "ResourceARN"}) {
    const std::string* arn = text(member);
    if (arn == nullptr) continue;
    if (auto key = parse_stream_arn(*arn)) return key;
  }
  if (const std::string* name = text("StreamName")) {
    return streams::StreamKey{context.account, context.region, *name};
  }
  return std::nullopt;
}

}  // namespace

Result<void> check_call_rate(const Operation& operation, Value& body, Context& context) {
  if (context.quotas.is_off() || operation.rate.per_second == 0) return {};
  const auto stream = stream_in(body, context);
  std::string subject = std::string(operation.name) + " " + context.account + " " + context.region;
  if (operation.rate.is_per_stream && stream) {
    subject += " " + stream->account + " " + stream->region + " " + stream->name;
  }
  if (context.quotas.call(subject, operation.rate.per_second)) return {};
  if (stream) return std::unexpected(streams::stream_rate_exceeded(*stream));
  return fail(streams::kLimitExceeded, "Rate exceeded for account " + context.account + ".");
}

}  // namespace millrace::api
