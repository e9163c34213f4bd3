// RegisterStreamConsumer: registers a consumer with a stream.
//
// Source: API_RegisterStreamConsumer, Kinesis API reference. Checks and texts:
// tests/conformance/test_consumers.py.

#include <optional>
#include <string>
#include <tuple>
#include <utility>

#include "api/context.h"
#include "api/kinesis/consumer_shapes.h"
#include "api/kinesis/operations.h"
#include "api/kinesis/patterns.h"
#include "api/kinesis/resources.h"
#include "api/operation.h"
#include "base/error.h"
#include "base/time_point.h"
#include "base/try.h"
#include "streams/catalogue.h"
#include "streams/consumers.h"
#include "streams/stream.h"
#include "streams/stream_facts.h"
#include "streams/tags.h"
#include "world/world.h"

namespace millrace::kinesis {
namespace {

struct Request {
  std::string consumer_name;
  StreamArnRef stream;
  std::optional<streams::Tags> tags;

  static constexpr auto fields = std::tuple{
      field("ConsumerName", &Request::consumer_name)
          .matching(kNamePattern)
          .length(1, 128)
          .required(),
      flatten(&Request::stream),
      field("Tags", &Request::tags).length(1, 200).keys(1, 128).values(0, 256),
  };
};

struct Response {
  ConsumerShape consumer;

  static constexpr auto fields = std::tuple{field("Consumer", &Response::consumer).required()};
};

Result<Response> handle(const Request& request, api::Context& context) {
  const auto stream = TRY(find_stream(context, request.stream));

  const TimePoint now = context.world().clock().now();
  const bool has_commitment = context.world().accounts().commitment(context.scope).is_in_force(now);
  streams::NewConsumer wanted;
  wanted.name = request.consumer_name;
  wanted.tags = request.tags.value_or(streams::Tags{});
  wanted.delay = context.world().catalogue().options().delays.consumer;
  wanted.count_max = has_commitment ? streams::kConsumersMaxWithCommitment : streams::kConsumersMax;
  streams::Consumer consumer;
  const auto written = stream->change(
      streams::Allowed::kActiveOrUpdating, [&](streams::StreamFacts& facts) -> Result<void> {
        wanted.second_min = seconds_of(facts.created_at);
        auto registered = TRY(streams::register_consumer(facts.consumers, wanted, facts.key, now));
        consumer = std::move(registered);
        return {};
      });
  if (!written) return std::unexpected(written.error());
  context.wait_for(*written);
  return Response{
      to_shape(consumer, stream->state().facts->key, streams::ConsumerStatus::kCreating)};
}

}  // namespace

const Operation& RegisterStreamConsumer() {
  static constexpr Operation kOperation = api::make_operation<&handle>("RegisterStreamConsumer");
  return kOperation;
}

}  // namespace millrace::kinesis
