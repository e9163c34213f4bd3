#include "api/operation.h"

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

#include "api/cbor.h"
#include "api/context.h"
#include "api/errors.h"
#include "api/json.h"
#include "api/kinesis/arn.h"
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
  // What is longer names nothing; it has not been validated yet, and becomes part of a bucket's
  // name.
  constexpr std::size_t kNameMax = 2048;
  for (const std::string_view member : {"StreamARN", "ConsumerARN", "ResourceARN"}) {
    const std::string* arn = text(member);
    if (arn == nullptr || arn->size() > kNameMax) continue;
    if (auto key = parse_stream_arn(*arn)) return key;
  }
  if (const std::string* name = text("StreamName"); name != nullptr && name->size() <= kNameMax) {
    return streams::StreamKey{context.account, context.region, *name};
  }
  return std::nullopt;
}

bool is_rated(const Operation& operation, const Context& context) {
  return !context.quotas.is_off() && operation.rate.per_second != 0;
}

// Whether `operation` may be called once more now.
Result<void> check_call_rate(const Operation& operation, Value& body, Context& context) {
  const auto stream = stream_in(body, context);
  std::string subject = std::string(operation.name) + " " + context.account + " " + context.region;
  if (operation.rate.is_per_stream && stream) {
    subject += " " + stream->account + " " + stream->region + " " + stream->name;
  }
  if (context.quotas.call(subject, operation.rate.per_second)) return {};
  if (stream) return std::unexpected(streams::stream_rate_exceeded(*stream));
  return fail(streams::kLimitExceeded, "Rate exceeded for account " + context.account + ".");
}

}  // namespace

std::optional<Value> parse_body(std::string_view body, Form form) {
  auto value = form == Form::kCbor ? parse_cbor(body) : parse_json(body);
  if (value && !std::holds_alternative<ValueMap>(value->held)) return std::nullopt;
  return value;
}

Result<std::string> run(const Operation& operation, std::string_view body, Form form,
                        Context& context) {
  const bool has_rate = is_rated(operation, context);
  if (operation.run_scanned != nullptr && !has_rate) {
    if (auto answer = operation.run_scanned(body, form, context)) return std::move(*answer);
  }
  auto value = parse_body(body, form);
  if (!value) return fail(kSerialization, "");
  if (has_rate) {
    if (auto allowed = check_call_rate(operation, *value, context); !allowed) {
      return std::unexpected(allowed.error());
    }
  }
  return operation.run_decoded(*value, form, context);
}

}  // namespace millrace::api
