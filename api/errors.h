// Errors of the protocol itself, by the service's names.

#pragma once

#include <string>

#include "base/error.h"

namespace millrace::api {

// A member breaks its constraints.
inline constexpr ErrorCode kValidation{"ValidationException"};
inline constexpr ErrorCode kInvalidArgument{"InvalidArgumentException"};
inline constexpr ErrorCode kAccessDenied{"AccessDeniedException"};
inline constexpr ErrorCode kInternalFailure{"InternalFailure", Blame::kServer};
// The body, or a member's type, is not what the protocol says.
inline constexpr ErrorCode kSerialization{"SerializationException"};
// A Query call's parameters cannot be read.
inline constexpr ErrorCode kMalformedQuery{"MalformedQueryString"};
inline constexpr ErrorCode kUnknownOperation{"UnknownOperationException"};
inline constexpr ErrorCode kMissingAuthenticationToken{"MissingAuthenticationTokenException"};
inline constexpr ErrorCode kIncompleteSignature{"IncompleteSignatureException"};
// What a DryRun answers that would have succeeded.
inline constexpr ErrorCode kDryRun{"DryRunOperationException"};
inline constexpr ErrorCode kInvalidSignature{"InvalidSignatureException"};
// Nobody has the access key that a request names.
inline constexpr ErrorCode kUnrecognizedClient{"UnrecognizedClientException"};
// A temporary key whose time is over.
inline constexpr ErrorCode kExpiredToken{"ExpiredTokenException"};

}  // namespace millrace::api
