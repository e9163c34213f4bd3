// Requests for services that are not served here: who points a whole application at this port is
// told so, in the form that the application's client understands.
//
// A request is foreign if its signature, target, path or Action names another service. One that
// names none, or Kinesis, is answered as Kinesis answers it. Source of the forms: Smithy, AWS
// protocols; Amazon S3 API reference, Error responses.

#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "net/http.h"

namespace millrace::server {

// Whether the request's Content-Type says that its body is a form.
[[nodiscard]] bool is_form(const net::HttpRequest& request);

// How a service and its clients talk.
enum class ServiceProtocol : std::uint8_t {
  kJson,
  kQuery,
  kEc2Query,
  kRestXml,
  kS3,
  kRestJson,
  kRpcCbor
};

struct ForeignCall {
  std::string service;  // As signatures name it.
  ServiceProtocol protocol = ServiceProtocol::kJson;
};

// Returns nullopt if the request is for Kinesis, or says nothing of a service. Calls of the
// services that are served have been taken out before; an operation of theirs that is not served is
// found here.
[[nodiscard]] std::optional<ForeignCall> foreign_call_of(const net::HttpRequest& request);

// An error that says which service is not served.
[[nodiscard]] net::HttpResponse answer_foreign(const ForeignCall& call,
                                               const std::string& request_id);

}  // namespace millrace::server
