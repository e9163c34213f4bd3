// The one place where an Error becomes what a client hears.

#pragma once

#include <span>
#include <string>
#include <string_view>

#include "api/value.h"
#include "base/error.h"

namespace millrace::api {

// How a service, or a protocol, calls an error of ours.
struct ErrorName {
  ErrorCode code;
  std::string_view name;
  int status = 400;
  std::string_view query_name = {};  // Where the Query protocol has another.
};

struct ErrorReply {
  int status = 400;
  std::string type;     // The service's name of the error.
  std::string message;  // May be empty.
  std::string_view query_name = {};
};

// The first of `names` that knows the error counts. Others have the name of their code, and status
// 400; what is a server's fault is an InternalFailure with 500.
[[nodiscard]] ErrorReply to_reply(const Error& error, std::span<const ErrorName> names = {});

// `reply` as the body of a JSON or CBOR answer.
[[nodiscard]] std::string error_body(const ErrorReply& reply, Form form);

// An error as an event stream tells it: the type stands beside the body, which has the message
// alone; a fault is an InternalFailureException there.
struct ExceptionEvent {
  std::string type;
  std::string body;
};
[[nodiscard]] ExceptionEvent to_exception(const Error& error, Form form);

}  // namespace millrace::api
