// DisableEnhancedMonitoring: switches shard-level metrics of a stream off.
//
// Source: API_DisableEnhancedMonitoring, Kinesis API reference.

#include "api/context.h"
#include "api/kinesis/monitoring.h"
#include "api/kinesis/operations.h"
#include "api/operation.h"
#include "base/error.h"

namespace millrace::kinesis {
namespace {

Result<MonitoringResponse> handle(const MonitoringRequest& request, api::Context& context) {
  return set_monitoring(request, context, MonitoringChange::kDisable);
}

}  // namespace

const Operation& DisableEnhancedMonitoring() {
  static constexpr Operation kOperation = api::make_operation<&handle>("DisableEnhancedMonitoring");
  return kOperation;
}

}  // namespace millrace::kinesis
