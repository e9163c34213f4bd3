// DecreaseStreamRetentionPeriod: keeps the records of a stream for less long.
//
// Takes effect at once: what is older than the new period is gone.
// Source: API_DecreaseStreamRetentionPeriod, Kinesis API reference. Error texts:
// tests/conformance/test_retention.py.

#include "api/context.h"
#include "api/kinesis/operations.h"
#include "api/kinesis/retention.h"
#include "api/operation.h"
#include "base/error.h"

namespace millrace::kinesis {
namespace {

Result<void> handle(const RetentionRequest& request, api::Context& context) {
  return set_retention(request, context, RetentionChange::kDecrease);
}

}  // namespace

const Operation& DecreaseStreamRetentionPeriod() {
  static constexpr Operation kOperation =
      api::make_operation<&handle>("DecreaseStreamRetentionPeriod");
  return kOperation;
}

}  // namespace millrace::kinesis
