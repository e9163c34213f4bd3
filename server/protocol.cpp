#include "server/protocol.h"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

#include "api/cbor.h"
#include "api/error_reply.h"
#include "api/errors.h"
#include "api/json.h"
#include "api/kinesis/operations.h"
#include "api/operation.h"
#include "api/value.h"
#include "base/error.h"
#include "server/http.h"
#include "server/sigv4.h"
#include "server/sigv4_verify.h"

namespace millrace::server {
namespace {

constexpr std::string_view kTargetPrefix = "Kinesis_20131202";

// What the Content-Type says; the third form never reaches an operation.
enum class MediaType : std::uint8_t { kAmzJson, kAmzCbor, kPlainJson, kOther };

MediaType media_type(std::string_view content_type) {
  const std::string_view type = trimmed(content_type.substr(0, content_type.find(';')));
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

HttpResponse xml_response(int status, std::string body) {
  HttpResponse response;
  response.status = status;
  response.body = std::move(body);
  return response;
}

HttpResponse access_denied() {
  return xml_response(403,
                      "<AccessDeniedException>\n"
                      "  <Message>Unable to determine service/operation name to be "
                      "authorized</Message>\n"
                      "</AccessDeniedException>\n");
}

HttpResponse error_response(ErrorCode code, api::Form form) {
  return to_response(fail(code, ""), form);
}

// How the service answers application/json, whatever is asked.
HttpResponse coral_error(int status, ErrorCode code) {
  HttpResponse response;
  response.status = status;
  response.content_type = "application/json";
  response.body = R"({"Output":{"__type":"com.amazon.coral.service#)" + std::string(code.name) +
                  R"("},"Version":"1.0"})";
  return response;
}

}  // namespace

HttpResponse to_response(const Result<std::string>& outcome, api::Form form) {
  HttpResponse response;
  response.content_type = api::content_type(form);
  if (outcome) {
    response.body = *outcome;
    return response;
  }
  api::ErrorReply reply = api::to_reply(outcome.error(), form);
  response.status = reply.status;
  response.body = std::move(reply.body);
  response.headers.emplace_back("x-amzn-ErrorType", std::move(reply.type));
  return response;
}

std::variant<ApiCall, HttpResponse> read_call(const HttpRequest& request,
                                              const SignatureCheck* check) {
  if (request.method != "POST") return access_denied();
  if (request.header("content-encoding")) {
    return plain_response(415, "A body is sent without Content-Encoding.\n");
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
  auto body =
      call.form == api::Form::kCbor ? api::parse_cbor(request.body) : api::parse_json(request.body);
  const bool is_object = body && std::holds_alternative<api::ValueMap>(body->held);
  if (media == MediaType::kPlainJson) {
    return is_object ? coral_error(404, api::kUnknownOperation)
                     : coral_error(400, api::kSerialization);
  }
  if (!is_object) return error_response(api::kSerialization, call.form);
  if (operation == nullptr) return error_response(api::kUnknownOperation, call.form);
  auto credential = parse_credential(request);
  if (!credential) return to_response(std::unexpected(credential.error()), call.form);
  if (check != nullptr) {
    if (auto verified = verify_signature(request, check->keys, check->clock.now()); !verified) {
      return to_response(std::unexpected(verified.error()), call.form);
    }
  }
  call.operation = operation;
  call.body = std::move(*body);
  call.credential = std::move(*credential);
  return call;
}

}  // namespace millrace::server
