// DeregisterStreamConsumer: takes a consumer off its stream.
//
// Source: API_DeregisterStreamConsumer, Kinesis API reference. Checks and texts:
// tests/conformance/test_consumers.py.

#include "api/context.h"
#include "api/kinesis/operations.h"
#include "api/kinesis/resources.h"
#include "api/operation.h"
#include "base/error.h"
#include "base/try.h"
#include "streams/catalogue.h"
#include "streams/consumers.h"
#include "streams/stream.h"
#include "streams/stream_facts.h"
#include "world/world.h"

namespace millrace::kinesis {
namespace {

Result<void> handle(const ConsumerRef& ref, api::Context& context) {
  const auto found = TRY(find_consumer(context, ref));

  const auto written =
      found.stream->change(streams::Allowed::kNotDeleting, [&](streams::StreamFacts& facts) {
        return streams::deregister_consumer(facts.consumers, found.consumer.name, facts.key,
                                            context.world().catalogue().options().delays.consumer,
                                            context.world().clock().now());
      });
  if (!written) return std::unexpected(written.error());
  found.stream->wake_readers();  // Its own subscriptions end.
  context.wait_for(*written);
  return {};
}

}  // namespace

const Operation& DeregisterStreamConsumer() {
  static constexpr Operation kOperation =
      api::make_operation<&handle>("DeregisterStreamConsumer", api::Lane::kInline, {5, true});
  return kOperation;
}

}  // namespace millrace::kinesis
