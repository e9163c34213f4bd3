// UpdateMaxRecordSize: how large a record of a stream may be, data and key together.
//
// Source: API_UpdateMaxRecordSize, Kinesis API reference.

#include <cstdint>
#include <optional>
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
#include "streams/stream_facts.h"

namespace millrace::kinesis {
namespace {

struct Request {
  std::int32_t max_record_size_in_kib = 0;
  std::optional<std::string> stream_arn;
  std::optional<std::string> stream_id;

  static constexpr auto fields = std::tuple{
      field("MaxRecordSizeInKiB", &Request::max_record_size_in_kib).range(1024, 10240).required(),
      field("StreamARN", &Request::stream_arn).matching(kStreamArnPattern).length(1, kArnMax),
      field("StreamId", &Request::stream_id).matching(kStreamIdPattern).length(1, 24),
  };
};

Result<void> handle(const Request& request, api::Context& context) {
  if (!request.stream_arn) {
    return fail(streams::kInvalidArgument, "StreamARN should be provided.");
  }
  const auto stream = TRY(find_stream(context, StreamArnRef{*request.stream_arn, {}}));
  const auto written = stream->update([&](const streams::StreamFacts& /*facts*/,
                                          streams::StreamSettings& settings) -> Result<void> {
    settings.record_kib_max = static_cast<std::uint32_t>(request.max_record_size_in_kib);
    return {};
  });
  if (!written) return std::unexpected(written.error());
  context.wait_for(*written);
  return {};
}

}  // namespace

const Operation& UpdateMaxRecordSize() {
  static constexpr Operation kOperation = api::make_operation<&handle>("UpdateMaxRecordSize");
  return kOperation;
}

}  // namespace millrace::kinesis
