// UpdateStreamWarmThroughput: what an on-demand stream is to be ready for. Its shards stay.
//
// Source: API_UpdateStreamWarmThroughput, Kinesis API reference.

#include <cstdint>
#include <optional>
#include <string>
#include <tuple>

#include "api/context.h"
#include "api/kinesis/arn.h"
#include "api/kinesis/operations.h"
#include "api/kinesis/resources.h"
#include "api/kinesis/warm_throughput.h"
#include "api/operation.h"
#include "base/error.h"
#include "base/try.h"
#include "streams/errors.h"
#include "streams/stream.h"
#include "streams/stream_facts.h"

namespace millrace::kinesis {
namespace {

struct Request {
  OptionalStreamRef stream;
  std::int32_t warm_throughput_mibps = 0;

  static constexpr auto fields = std::tuple{
      flatten(&Request::stream),
      field("WarmThroughputMiBps", &Request::warm_throughput_mibps).at_least(0).required(),
  };
};

struct Response {
  std::string stream_arn;
  std::string stream_name;
  WarmThroughput warm_throughput;

  static constexpr auto fields = std::tuple{
      field("StreamARN", &Response::stream_arn),
      field("StreamName", &Response::stream_name),
      field("WarmThroughput", &Response::warm_throughput),
  };
};

Result<Response> handle(const Request& request, api::Context& context) {
  const auto stream = TRY(find_stream(context, request.stream));
  const auto facts = stream->state().facts;
  if (facts->settings.mode != streams::StreamMode::kOnDemand) {
    return fail(streams::kValidation, "Request is invalid. Stream " + facts->key.name +
                                          " under account " + facts->key.scope.account +
                                          " is not in On-Demand mode.");
  }
  TRY(check_warm_throughput(request.warm_throughput_mibps, context));
  std::uint32_t before = 0;
  const auto written = stream->update([&](const streams::StreamFacts& /*facts*/,
                                          streams::StreamSettings& settings) -> Result<void> {
    before = settings.warm_mibps.value_or(0);
    settings.warm_mibps = static_cast<std::uint32_t>(request.warm_throughput_mibps);
    return {};
  });
  if (!written) return std::unexpected(written.error());
  context.wait_for(*written);
  return Response{stream_arn(facts->key),
                  facts->key.name,
                  {request.warm_throughput_mibps, static_cast<std::int32_t>(before)}};
}

}  // namespace

const Operation& UpdateStreamWarmThroughput() {
  static constexpr Operation kOperation =
      api::make_operation<&handle>("UpdateStreamWarmThroughput");
  return kOperation;
}

}  // namespace millrace::kinesis
