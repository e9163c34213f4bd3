// DeleteStream: deletes a stream with all its records.
//
// Source: API_DeleteStream, Kinesis API reference. A stream may be deleted in any state; one that
// is DELETING already stays as it is, as kinesalite's clean-up after its tests, which was written
// against the service, expects. One with consumers goes only with EnforceConsumerDeletion, and they
// go with it.

#include <optional>
#include <tuple>

#include "api/context.h"
#include "api/kinesis/operations.h"
#include "api/kinesis/resources.h"
#include "api/operation.h"
#include "base/error.h"
#include "base/try.h"

namespace millrace::kinesis {
namespace {

struct Request {
  StreamRef stream;
  std::optional<bool> enforce_consumer_deletion;

  static constexpr auto fields = std::tuple{
      flatten(&Request::stream),
      field("EnforceConsumerDeletion", &Request::enforce_consumer_deletion),
  };
};

Result<void> handle(const Request& request, api::Context& context) {
  const auto stream = TRY(find_stream(context, request.stream));

  const auto written = TRY(stream->remove(request.enforce_consumer_deletion.value_or(false)));
  context.wait_for(written);
  return {};
}

}  // namespace

const Operation& DeleteStream() {
  static constexpr Operation kOperation =
      api::make_operation<&handle>("DeleteStream", api::Lane::kWorker);
  return kOperation;
}

}  // namespace millrace::kinesis
