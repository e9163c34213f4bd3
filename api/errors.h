// Errors of the protocol itself, by the service's names.

#pragma once

#include <string>

#include "base/error.h"

namespace millrace::api {

// The body, or a member's type, is not what the protocol says.
inline constexpr ErrorCode kSerialization{"SerializationException"};
inline constexpr ErrorCode kUnknownOperation{"UnknownOperationException"};
inline constexpr ErrorCode kMissingAuthenticationToken{"MissingAuthenticationTokenException"};
inline constexpr ErrorCode kIncompleteSignature{"IncompleteSignatureException"};
// What a DryRun answers that would have succeeded.
inline constexpr ErrorCode kDryRun{"DryRunOperationException"};
inline constexpr ErrorCode kInvalidSignature{"InvalidSignatureException"};
// Nobody has the access key that a request names.
inline constexpr ErrorCode kUnrecognizedClient{"UnrecognizedClientException"};

}  // namespace millrace::api
