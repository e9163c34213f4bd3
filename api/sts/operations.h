// THE LIST: the operations of the AWS Security Token Service that are served, in the order of their
// names.

#pragma once

#include "api/operation.h"
#include "api/service.h"

#define MILLRACE_STS_OPERATIONS(OPERATION) \
  OPERATION(AssumeRole)                    \
  OPERATION(GetCallerIdentity)             \
  OPERATION(GetSessionToken)

namespace millrace::sts {

using api::Operation;

// How its answers are written.
inline constexpr api::Forms kForms{.has_xml = true};

MILLRACE_STS_OPERATIONS(MILLRACE_DECLARE_OPERATION)

[[nodiscard]] const api::Service& service();

}  // namespace millrace::sts
