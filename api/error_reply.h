// The one place where an Error becomes what a client hears.

#pragma once

#include <string>
#include <string_view>

#include "api/value.h"
#include "base/error.h"

namespace millrace::api {

struct ErrorReply {
  int status = 400;
  std::string type;  // The service's name of the error.
  std::string body;
};

[[nodiscard]] ErrorReply to_reply(const Error& error, Form form);

// The same as an event stream tells it: the type stands beside the body, which has the message
// alone; a fault is an InternalFailureException there.
[[nodiscard]] ErrorReply to_exception(const Error& error, Form form);

[[nodiscard]] std::string_view content_type(Form form);

}  // namespace millrace::api
