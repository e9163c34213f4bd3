#include "api/kinesis/retention.h"

#include <cstdint>
#include <string>

#include "api/context.h"
#include "api/kinesis/resources.h"
#include "base/error.h"
#include "base/try.h"
#include "streams/errors.h"
#include "streams/stream.h"
#include "streams/stream_facts.h"

namespace millrace::kinesis {
namespace {

std::unexpected<Error> too_short(std::int32_t hours) {
  return fail(streams::kInvalidArgument, "Minimum allowed retention period is " +
                                             std::to_string(streams::kRetentionHoursMin) +
                                             " hours. Requested retention period (" +
                                             std::to_string(hours) + " hours) is too short.");
}

std::unexpected<Error> too_long(std::int32_t hours) {
  return fail(streams::kInvalidArgument, "Maximum allowed retention period is " +
                                             std::to_string(streams::kRetentionHoursMax) +
                                             " hours. Requested retention period (" +
                                             std::to_string(hours) + " hours) is too long.");
}

std::unexpected<Error> wrong_way(std::int32_t hours, const streams::StreamFacts& facts,
                                 RetentionChange change) {
  const bool increases = change == RetentionChange::kIncrease;
  return fail(streams::kInvalidArgument,
              "Requested retention period (" + std::to_string(hours) + " hours) for stream " +
                  facts.key.name + " can not be " + (increases ? "shorter" : "longer") +
                  " than existing retention period (" + std::to_string(facts.retention_hours) +
                  " hours). Use " + (increases ? "Decrease" : "Increase") + "RetentionPeriod API.");
}

}  // namespace

Result<void> set_retention(const RetentionRequest& request, api::Context& context,
                           RetentionChange change) {
  const std::int32_t hours = request.retention_hours;
  const auto stream = TRY(find_stream(context, request.stream));
  if (hours < streams::kRetentionHoursMin) return too_short(hours);
  const bool increases = change == RetentionChange::kIncrease;
  if (increases && hours > streams::kRetentionHoursMax) return too_long(hours);

  const auto written =
      stream->change(streams::Allowed::kActive, [&](streams::StreamFacts& facts) -> Result<void> {
        const bool is_wrong_way =
            increases ? hours < facts.retention_hours : hours > facts.retention_hours;
        if (is_wrong_way) return wrong_way(hours, facts, change);
        facts.retention_hours = hours;
        return {};
      });
  if (!written) return std::unexpected(written.error());
  context.wait_for(*written);
  return {};
}

}  // namespace millrace::kinesis
