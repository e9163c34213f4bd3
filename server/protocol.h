// The request-level checks of the Kinesis protocol: which operation a request means, and what is
// answered when it means none.
//
// Source: the service's answers and their order, tests/conformance/test_wire.py.

#pragma once

#include <string>
#include <variant>

#include "api/operation.h"
#include "api/value.h"
#include "aws/sigv4.h"
#include "aws/sigv4_verify.h"
#include "net/http.h"

namespace millrace::server {

// A request that reaches an operation, which looks at its body.
struct ApiCall {
  const api::Operation* operation = nullptr;
  api::Form form = api::Form::kJson;
  aws::Credential credential;
};

// The call, or the answer to a request that is none. Without `check` a signature has to be there
// and may be any.
[[nodiscard]] std::variant<ApiCall, net::HttpResponse> read_call(
    const net::HttpRequest& request, const aws::SignatureCheck* check = nullptr);

// The answer to a request of which it cannot be told what it wants.
[[nodiscard]] net::HttpResponse access_denied();

// The answer of an operation, or of the checks before it.
[[nodiscard]] net::HttpResponse to_response(Result<std::string> outcome, api::Form form);

}  // namespace millrace::server
