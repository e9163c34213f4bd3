// UpdateStreamRecordDistributionStrategy: whether partition keys or the service spread the records.
//
// Takes effect at once; what is stored stays where it is.
// Source: API_UpdateStreamRecordDistributionStrategy, Kinesis API reference.

#include <string>
#include <tuple>

#include "api/context.h"
#include "api/kinesis/operations.h"
#include "api/kinesis/patterns.h"
#include "api/kinesis/resources.h"
#include "api/operation.h"
#include "base/error.h"
#include "base/try.h"
#include "streams/errors.h"
#include "streams/stream.h"
#include "streams/stream_facts.h"

namespace millrace::kinesis {
namespace {

struct Request {
  std::string strategy;
  StreamArnRef stream;

  static constexpr auto fields = std::tuple{
      field("RecordDistributionStrategy", &Request::strategy)
          .one_of(kDistributionStrategies)
          .required(),
      flatten(&Request::stream),
  };
};

Result<void> handle(const Request& request, api::Context& context) {
  const auto stream = TRY(find_stream(context, request.stream));
  const auto written =
      stream->change(streams::Allowed::kActive, [&](streams::StreamFacts& facts) -> Result<void> {
        if (facts.settings.mode != streams::StreamMode::kOnDemand) {
          return fail(streams::kInvalidArgument,
                      "RecordDistributionStrategy is only supported for streams in On-Demand "
                      "mode.");
        }
        facts.settings.distribution = request.strategy == "AUTO"
                                          ? streams::Distribution::kAuto
                                          : streams::Distribution::kUserPartitionKey;
        return {};
      });
  if (!written) return std::unexpected(written.error());
  context.wait_for(*written);
  return {};
}

}  // namespace

const Operation& UpdateStreamRecordDistributionStrategy() {
  static constexpr Operation kOperation =
      api::make_operation<&handle>("UpdateStreamRecordDistributionStrategy");
  return kOperation;
}

}  // namespace millrace::kinesis
