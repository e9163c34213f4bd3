#include "server/router.h"

#include <algorithm>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

#include "api/kinesis/operations.h"
#include "api/service.h"
#include "aws/protocol.h"
#include "aws/sigv4.h"
#include "base/gzip.h"
#include "net/http.h"
#include "net/uri.h"
#include "server/foreign_services.h"
#include "server/services.h"

namespace millrace::server {
namespace {

using Routed = std::variant<Route, NoRoute>;

// Gives the body of a compressed request to `route`, if its service takes one.
Routed with_body(Route route, const net::HttpRequest& request, std::size_t body_bytes_max) {
  if (!route.service->takes_gzip || net::coding_of(request) != net::Coding::kGzip) return route;
  auto body = gunzip(request.body, std::min(body_bytes_max, kUnpackedBytesMax));
  if (body) {
    route.unpacked = std::move(*body);
    return route;
  }
  if (body.error() == GunzipError::kTooLarge) {
    return NoRoute{aws::plain_answer(413, "The body holds too much once it is unpacked.\n"),
                   "a compressed body that is too large"};
  }
  return NoRoute{aws::plain_answer(400, "The body is not gzip, as its Content-Encoding says.\n"),
                 "a compressed body that is damaged"};
}

// A compressed form says only inside what it wants.
Routed route_compressed_form(const net::HttpRequest& request, std::size_t body_bytes_max) {
  Routed routed =
      with_body({service_of_scope("sts"), &aws::aws_query(), {}}, request, body_bytes_max);
  auto* const route = std::get_if<Route>(&routed);
  if (route == nullptr) return routed;
  const api::Service* service = service_of_action(net::form_value(*route->unpacked, "Action"));
  if (service == nullptr) return NoRoute{aws::access_denied(), "a form of no service"};
  route->service = service;
  return routed;
}

std::string action_of(const net::HttpRequest& request) {
  if (request.method == "GET") return net::form_value(request.query, "Action");
  return is_form(request) ? net::form_value(request.body, "Action") : std::string{};
}

const aws::Protocol* usual_protocol(const api::Service& service) {
  return service.query_version.empty() ? &aws::aws_json() : &aws::aws_query();
}

}  // namespace

Routed route(const net::HttpRequest& request, std::size_t body_bytes_max,
             const std::string& request_id) {
  const std::string_view target = request.header("x-amz-target").value_or("");
  if (const auto* service = service_of_target(target.substr(0, target.find('.')))) {
    return with_body({service, &aws::aws_json(), {}}, request, body_bytes_max);
  }
  const aws::RpcPath path = aws::parse_rpc_path(request.path);
  if (const auto* service = service_of_target(path.target); service && service->has_rpc_cbor) {
    return with_body({service, &aws::rpc_cbor(), {}}, request, body_bytes_max);
  }
  const std::string signed_for = aws::signed_service(request);
  const api::Service* const scoped = service_of_scope(signed_for);
  const bool may_be_query = scoped == nullptr || !scoped->query_version.empty();
  if (scoped != nullptr && may_be_query && target.empty()) {
    return with_body({scoped, &aws::aws_query(), {}}, request, body_bytes_max);
  }
  const bool is_unsaid = signed_for.empty() || scoped != nullptr;
  if (is_unsaid && is_form(request) && net::coding_of(request) == net::Coding::kGzip) {
    return route_compressed_form(request, body_bytes_max);
  }
  if (const auto* service = is_unsaid ? service_of_action(action_of(request)) : nullptr) {
    return Route{service, &aws::aws_query(), {}};
  }
  if (const auto foreign = foreign_call_of(request)) {
    // One of ours, by an operation that is not served.
    if (const auto* service = service_of_scope(foreign->service)) {
      return Route{service, usual_protocol(*service), {}};
    }
    return NoRoute{{answer_foreign(*foreign, request_id), {}},
                   "a call of " + foreign->service + ", which is not served"};
  }
  return Route{&kinesis::service(), &aws::aws_json(), {}};
}

}  // namespace millrace::server
