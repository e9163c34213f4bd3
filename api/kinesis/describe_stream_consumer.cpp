// DescribeStreamConsumer: one consumer of a stream.
//
// Source: API_DescribeStreamConsumer, Kinesis API reference. Checks and texts:
// tests/conformance/test_consumers.py.

#include <string>
#include <tuple>

#include "api/context.h"
#include "api/kinesis/arn.h"
#include "api/kinesis/consumer_shapes.h"
#include "api/kinesis/operations.h"
#include "api/kinesis/resources.h"
#include "api/operation.h"
#include "base/error.h"
#include "base/try.h"
#include "streams/stream.h"
#include "world/world.h"

namespace millrace::kinesis {
namespace {

struct ConsumerDescription {
  ConsumerShape consumer;
  std::string stream_arn;

  static constexpr auto fields = std::tuple{
      flatten(&ConsumerDescription::consumer),
      field("StreamARN", &ConsumerDescription::stream_arn).required(),
  };
};

struct Response {
  ConsumerDescription description;

  static constexpr auto fields = std::tuple{
      field("ConsumerDescription", &Response::description).required(),
  };
};

Result<Response> handle(const ConsumerRef& ref, api::Context& context) {
  const auto found = TRY(find_consumer(context, ref));

  const auto facts = found.stream->state().facts;
  const auto status = found.consumer.status_at(context.world().clock().now());
  return Response{{to_shape(found.consumer, facts->key, status), stream_arn(facts->key)}};
}

}  // namespace

const Operation& DescribeStreamConsumer() {
  static constexpr Operation kOperation =
      api::make_operation<&handle>("DescribeStreamConsumer", api::Lane::kInline, {20, true});
  return kOperation;
}

}  // namespace millrace::kinesis
