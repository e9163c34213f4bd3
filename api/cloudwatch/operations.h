// THE LIST: the operations of Amazon CloudWatch that are served, in the order of their names.

#pragma once

#include "api/operation.h"
#include "api/service.h"

#define MILLRACE_CLOUDWATCH_OPERATIONS(OPERATION) OPERATION(PutMetricData)

namespace millrace::cloudwatch {

using api::Operation;

// How its answers are written.
inline constexpr api::Forms kForms{.has_json = true, .has_rpc_cbor = true, .has_xml = true};

MILLRACE_CLOUDWATCH_OPERATIONS(MILLRACE_DECLARE_OPERATION)

[[nodiscard]] const api::Service& service();

}  // namespace millrace::cloudwatch
