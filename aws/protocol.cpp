#include "aws/protocol.h"

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>

#include "api/error_reply.h"
#include "api/errors.h"
#include "api/operation.h"
#include "api/service.h"
#include "aws/sigv4.h"
#include "aws/sigv4_verify.h"
#include "base/error.h"
#include "base/scope.h"
#include "net/http.h"

namespace millrace::aws {

RpcPath parse_rpc_path(std::string_view path) {
  constexpr std::string_view kService = "/service/";
  constexpr std::string_view kOperation = "/operation/";
  if (!path.starts_with(kService)) return {};
  const std::string_view rest = path.substr(kService.size());
  const std::size_t end = rest.find(kOperation);
  if (end == std::string_view::npos) return {};
  return {rest.substr(0, end), rest.substr(end + kOperation.size())};
}

Result<Credential> read_credential(const Reading& reading, const api::Service& service) {
  auto credential = parse_credential(reading.request);
  if (!credential) {
    const bool may_be_missing = reading.signatures == nullptr && !service.wants_signature;
    if (may_be_missing) return Credential{};
    return credential;
  }
  // Each region is a namespace of its own, so its name is checked before anything is stored there.
  if (!credential->region.empty() && !is_region(credential->region)) {
    return fail(api::kInvalidSignature, "Credential should be scoped to a valid region. ");
  }
  if (reading.signatures != nullptr) {
    if (auto verified =
            verify_signature(reading.request, service.signing_name, *reading.signatures);
        !verified) {
      return std::unexpected(verified.error());
    }
  }
  return credential;
}

std::string unknown_operation_text(const api::Service& service) {
  if (!service.is_partial) return "";
  std::string names;
  for (const api::Operation* operation : service.operations) {
    names += (names.empty() ? "" : ", ") + std::string(operation->name);
  }
  return "millrace serves only " + names + " of " + std::string(service.signing_name) +
         ". Set AWS_ENDPOINT_URL_KINESIS instead of AWS_ENDPOINT_URL.";
}

Answer access_denied() {
  Answer answer;
  answer.http.status = 403;
  answer.http.body =
      "<AccessDeniedException>\n"
      "  <Message>Unable to determine service/operation name to be authorized</Message>\n"
      "</AccessDeniedException>\n";
  return answer;
}

Answer plain_answer(int status, std::string text) {
  return {net::plain_response(status, std::move(text)), {}};
}

void add_query_error(Answer& answer, const api::Service& service, const api::ErrorReply& reply) {
  if (service.query_version.empty()) return;
  const std::string_view name = reply.query_name.empty() ? reply.type : reply.query_name;
  answer.http.headers.emplace_back(
      "x-amzn-query-error", std::string(name) + (reply.status < 500 ? ";Sender" : ";Receiver"));
}

}  // namespace millrace::aws
