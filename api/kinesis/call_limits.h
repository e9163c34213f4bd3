// How often the operations of Kinesis may be called, where limits are enforced.

#pragma once

#include "api/service.h"

namespace millrace::kinesis {

// By account and region; on their stream, where an operation's rate says so. Errors:
// kLimitExceeded.
extern const api::CallLimits kCallLimits;

}  // namespace millrace::kinesis
