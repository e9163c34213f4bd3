// How calls of services come in requests and go out in answers: one class for each protocol.

#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "api/error_reply.h"
#include "api/operation.h"
#include "api/service.h"
#include "api/value.h"
#include "aws/sigv4.h"
#include "aws/sigv4_verify.h"
#include "base/error.h"
#include "net/http.h"

namespace millrace::aws {

class Protocol;

// An answer, and what it is in metrics and log lines.
struct Answer {
  net::HttpResponse http;
  std::string error;  // The service's name of the error; empty if it is none.
};

// A request that reaches an operation, which looks at its body.
struct Call {
  const api::Service* service = nullptr;
  const api::Operation* operation = nullptr;
  const Protocol* protocol = nullptr;
  api::Form form = api::Form::kJson;
  Credential credential;
  std::optional<std::string> unpacked;   // The body, where the request's is compressed.
  std::optional<api::Value> parameters;  // The body, where the protocol has read it.
};

// What a request is read with.
struct Reading {
  const net::HttpRequest& request;
  // The request's body without its Content-Encoding, if it had one that was taken off.
  std::optional<std::string> unpacked;
  // Without it signatures may be any.
  const SignatureCheck* signatures = nullptr;
  std::string_view request_id;

  [[nodiscard]] std::string_view body() const { return unpacked ? *unpacked : request.body; }
};

class Protocol {
 public:
  Protocol() = default;
  Protocol(const Protocol&) = delete;
  Protocol& operator=(const Protocol&) = delete;
  virtual ~Protocol() = default;

  // A call of `service`, or the answer to a request that is none.
  [[nodiscard]] virtual std::variant<Call, Answer> read(const api::Service& service,
                                                        Reading& reading) const = 0;

  // The answer to `call`: what its operation has encoded, or an error.
  [[nodiscard]] virtual Answer write(const Call& call, Result<std::string> outcome,
                                     std::string_view request_id) const = 0;

  // What the access log calls the form of a call.
  [[nodiscard]] virtual std::string_view name(api::Form form) const = 0;
};

// AWS JSON 1.0 and 1.1, and the CBOR of Kinesis beside them.
[[nodiscard]] const Protocol& aws_json();

// AWS Query: forms in, XML out.
[[nodiscard]] const Protocol& aws_query();

// Smithy RPC v2 CBOR.
[[nodiscard]] const Protocol& rpc_cbor();

// The path of an RPC v2 call, `/service/{target}/operation/{name}`; both empty if it is none.
struct RpcPath {
  std::string_view target;
  std::string_view operation;
};
[[nodiscard]] RpcPath parse_rpc_path(std::string_view path);

// Who signed `request` for `service`. Errors: those of parse_credential() and verify_signature(),
// and kInvalidSignature for a region that cannot be one.
[[nodiscard]] Result<Credential> read_credential(const Reading& reading,
                                                 const api::Service& service);

// What is said of an operation that a service does not have here; empty for a service that is
// served whole, which says nothing either.
[[nodiscard]] std::string unknown_operation_text(const api::Service& service);

// The answer to a request of which it cannot be told what it wants.
[[nodiscard]] Answer access_denied();

// What people read in place of an answer of a service.
[[nodiscard]] Answer plain_answer(int status, std::string text);

// Names the error of a service that also speaks Query, for clients that know it by that name.
void add_query_error(Answer& answer, const api::Service& service, const api::ErrorReply& reply);

}  // namespace millrace::aws
