// DecreaseStreamRetentionPeriod: keeps the records of a stream for less long.
//
// Takes effect at once: what is older than the new period is gone.
// Source: API_DecreaseStreamRetentionPeriod, Kinesis API reference. Error texts:
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
                       RetentionChange::kDecrease);
}

}  // namespace

const Operation& DecreaseStreamRetentionPeriod() {
  static constexpr Operation kOperation =
      api::make_operation<&handle>("DecreaseStreamRetentionPeriod");
  return kOperation;
}

}  // namespace millrace::kinesis
