// IncreaseStreamRetentionPeriod: keeps the records of a stream for longer.
//
// Takes effect at once, also for records already stored; a record that has expired stays gone.
// Source: API_IncreaseStreamRetentionPeriod, Kinesis API reference. Error texts:
// tests/conformance/test_retention.py.

#include <cstdint>
#include <tuple>

#include "api/context.h"
#include "api/kinesis/operations.h"
#include "api/kinesis/retention.h"
#include "api/kinesis/shapes.h"
#include "api/operation.h"
#include "base/error.h"

namespace millrace::kinesis {
namespace {

struct Request {
  std::int32_t retention_hours = 0;
  StreamRef stream;

  static constexpr auto fields = std::tuple{
      field("RetentionPeriodHours", &Request::retention_hours).required(),
      flatten(&Request::stream),
  };
};

Result<void> handle(const Request& request, api::Context& context) {
  return set_retention(context, request.stream, request.retention_hours,
                       RetentionChange::kIncrease);
}

}  // namespace

const Operation& IncreaseStreamRetentionPeriod() {
  static constexpr Operation kOperation =
      api::make_operation<&handle>("IncreaseStreamRetentionPeriod");
  return kOperation;
}

}  // namespace millrace::kinesis
