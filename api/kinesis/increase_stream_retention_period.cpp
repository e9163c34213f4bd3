// IncreaseStreamRetentionPeriod: keeps the records of a stream for longer.
//
// Takes effect at once, also for records already stored; a record that has expired stays gone.
// Source: API_IncreaseStreamRetentionPeriod, Kinesis API reference. Error texts:
// tests/conformance/test_retention.py.

#include "api/context.h"
#include "api/kinesis/operations.h"
#include "api/kinesis/retention.h"
#include "api/operation.h"
#include "base/error.h"

namespace millrace::kinesis {
namespace {

Result<void> handle(const RetentionRequest& request, api::Context& context) {
  return set_retention(request, context, RetentionChange::kIncrease);
}

}  // namespace

const Operation& IncreaseStreamRetentionPeriod() {
  static constexpr Operation kOperation =
      api::make_operation<&handle>("IncreaseStreamRetentionPeriod");
  return kOperation;
}

}  // namespace millrace::kinesis
