#include "server/protocol.h"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

#include "api/error_reply.h"
#include "api/errors.h"
#include "api/kinesis/operations.h"
#include "api/operation.h"
#include "api/value.h"
#include "aws/sigv4.h"
#include "aws/sigv4_verify.h"
#include "base/error.h"
#include "net/http.h"
#include "streams/stream_key.h"

namespace millrace::server {
namespace {

constexpr std::string_view kTargetPrefix = "Kinesis_20131202";

// What the Content-Type says; the third form never reaches an operation.
enum class MediaType : std::uint8_t { kAmzJson, kAmzCbor, kPlainJson, kOther };

MediaType media_type(std::string_view content_type) {
  const std::string_view type = net::trimmed(content_type.substr(0, content_type.find(';')));
  if (type == api::content_type(api::Form::kJson)) return MediaType::kAmzJson;
  if (type == api::content_type(api::Form::kCbor)) return MediaType::kAmzCbor;
  if (type == "application/json") return MediaType::kPlainJson;
  return MediaType::kOther;
}

struct Target {
  std::string_view service;
  std::string_view operation;
};

Target parse_target(std::string_view target) {
  const std::size_t dot = target.find('.');
  if (dot == std::string_view::npos) return {target, {}};
  return {target.substr(0, dot), target.substr(dot + 1)};
}

const api::Operation* find_operation(const Target& target) {
  if (target.service != kTargetPrefix) return nullptr;
  return kinesis::find_operation(target.operation);
}

net::HttpResponse xml_response(int status, std::string body) {
  net::HttpResponse response;
  response.status = status;
  response.body = std::move(body);
  return response;
}

net::HttpResponse error_response(ErrorCode code, api::Form form) {
  return to_response(fail(code, ""), form);
}

// How the service answers application/json, whatever is asked.
net::HttpResponse coral_error(int status, ErrorCode code) {
  net::HttpResponse response;
  response.status = status;
  response.content_type = "application/json";
  response.body = R"({"Output":{"__type":"com.amazon.coral.service#)" + std::string(code.name) +
                  R"("},"Version":"1.0"})";
  return response;
}

}  // namespace

net::HttpResponse access_denied() {
  return xml_response(403,
                      "<AccessDeniedException>\n"
                      "  <Message>Unable to determine service/operation name to be "
                      "authorized</Message>\n"
                      "</AccessDeniedException>\n");
}

net::HttpResponse to_response(Result<std::string> outcome, api::Form form) {
  net::HttpResponse response;
  response.content_type = api::content_type(form);
  if (outcome) {
    response.body = std::move(*outcome);
    return response;
  }
  api::ErrorReply reply = api::to_reply(outcome.error(), form);
  response.status = reply.status;
  response.body = std::move(reply.body);
  response.headers.emplace_back("x-amzn-ErrorType", std::move(reply.type));
  return response;
}

std::variant<ApiCall, net::HttpResponse> read_call(const net::HttpRequest& request,
                                                   const aws::SignatureCheck* check) {
  if (request.method != "POST") return access_denied();
  if (net::coding_of(request) != net::Coding::kIdentity) {
    return net::plain_response(415, "A body is sent without Content-Encoding.\n");
  }
  const std::string_view content_type = request.header("content-type").value_or("");
  const MediaType media = media_type(content_type);
  const Target target = parse_target(request.header("x-amz-target").value_or(""));
  const api::Operation* operation = find_operation(target);
  if (request.body.empty()) {
    const bool is_json = content_type == api::content_type(api::Form::kJson);
    return error_response(operation != nullptr ? api::kSerialization : api::kUnknownOperation,
                          is_json ? api::Form::kJson : api::Form::kCbor);
  }
  if (media == MediaType::kOther) {
    const bool is_complete = !target.service.empty() && !target.operation.empty();
    return is_complete ? xml_response(404, "<UnknownOperationException/>\n") : access_denied();
  }

  ApiCall call;
  call.form = media == MediaType::kAmzCbor ? api::Form::kCbor : api::Form::kJson;
  // A body that is no object is what the service complains of first. The operation finds that out
  // itself; here it is only looked at where something else is wrong as well.
  const auto is_object = [&] { return api::parse_body(request.body, call.form).has_value(); };
  if (media == MediaType::kPlainJson) {
    return is_object() ? coral_error(404, api::kUnknownOperation)
                       : coral_error(400, api::kSerialization);
  }
  const auto refuse = [&](std::unexpected<Error> error) {
    return is_object() ? to_response(std::move(error), call.form)
                       : error_response(api::kSerialization, call.form);
  };
  if (operation == nullptr) return refuse(fail(api::kUnknownOperation, ""));
  auto credential = aws::parse_credential(request);
  if (!credential) return refuse(std::unexpected(credential.error()));
  // Each region is a namespace of its own, so its name is checked before anything is stored there.
  if (!credential->region.empty() && !streams::is_region(credential->region)) {
    return refuse(fail(api::kInvalidSignature, "Credential should be scoped to a valid region. "));
  }
  if (check != nullptr) {
    if (auto verified = aws::verify_signature(request, check->keys, check->clock.now());
        !verified) {
      return refuse(std::unexpected(verified.error()));
    }
  }
  call.operation = operation;
  call.credential = std::move(*credential);
  return call;
}

}  // namespace millrace::server
