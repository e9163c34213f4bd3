// EnableEnhancedMonitoring: switches shard-level metrics of a stream on.
//
// Source: API_EnableEnhancedMonitoring, Kinesis API reference.

#include "api/context.h"
#include "api/kinesis/monitoring.h"
#include "api/kinesis/operations.h"
#include "api/operation.h"
#include "base/error.h"

namespace millrace::kinesis {
namespace {

Result<MonitoringResponse> handle(const MonitoringRequest& request, api::Context& context) {
  return set_monitoring(request, context, MonitoringChange::kEnable);
}

}  // namespace

const Operation& EnableEnhancedMonitoring() {
  static constexpr Operation kOperation = api::make_operation<&handle>("EnableEnhancedMonitoring");
  return kOperation;
}

}  // namespace millrace::kinesis
