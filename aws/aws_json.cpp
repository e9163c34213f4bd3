// AWS JSON: the operation in X-Amz-Target, the body an object of JSON, or of CBOR for Kinesis.
//
// Source: Smithy, AWS JSON 1.0 and 1.1 protocols; the answers of Kinesis and the order of its
// checks, tests/conformance/test_wire.py.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

#include "api/error_reply.h"
#include "api/errors.h"
#include "api/operation.h"
#include "api/service.h"
#include "api/value.h"
#include "aws/protocol.h"
#include "base/error.h"
#include "net/http.h"

namespace millrace::aws {
namespace {

constexpr std::string_view kJsonType = "application/x-amz-json-";
constexpr std::string_view kCborType = "application/x-amz-cbor-";

// What the Content-Type says; the third form never reaches an operation.
enum class MediaType : std::uint8_t { kAmzJson, kAmzCbor, kPlainJson, kOther };

bool is_type(std::string_view type, std::string_view beginning, std::string_view version) {
  return type.starts_with(beginning) && type.substr(beginning.size()) == version;
}

MediaType media_type(const api::Service& service, std::string_view content_type) {
  const std::string_view type = net::trimmed(content_type.substr(0, content_type.find(';')));
  if (is_type(type, kJsonType, service.json_version)) return MediaType::kAmzJson;
  if (service.has_cbor && is_type(type, kCborType, service.json_version)) {
    return MediaType::kAmzCbor;
  }
  return type == "application/json" ? MediaType::kPlainJson : MediaType::kOther;
}

std::string_view content_type(const api::Service& service, api::Form form) {
  if (form == api::Form::kCbor) return "application/x-amz-cbor-1.1";
  return service.json_version == "1.0" ? "application/x-amz-json-1.0"
                                       : "application/x-amz-json-1.1";
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

Answer unknown_operation() {
  Answer answer;
  answer.http.status = 404;
  answer.http.body = "<UnknownOperationException/>\n";
  return answer;
}

// How the services answer application/json, whatever is asked.
Answer coral_error(int status, ErrorCode code) {
  Answer answer;
  answer.http.status = status;
  answer.http.content_type = "application/json";
  answer.http.body = R"({"Output":{"__type":"com.amazon.coral.service#)" + std::string(code.name) +
                     R"("},"Version":"1.0"})";
  return answer;
}

Answer error_answer(const api::Service& service, const Error& error, api::Form form) {
  api::ErrorReply reply = api::to_reply(error, service.errors);
  Answer answer;
  answer.http.content_type = content_type(service, form);
  answer.http.status = reply.status;
  answer.http.body = api::error_body(reply, form);
  add_query_error(answer, service, reply);
  answer.http.headers.emplace_back("x-amzn-ErrorType", reply.type);
  answer.error = std::move(reply.type);
  return answer;
}

class AwsJson final : public Protocol {
 public:
  [[nodiscard]] std::variant<Call, Answer> read(const api::Service& service,
                                                Reading& reading) const override {
    const net::HttpRequest& request = reading.request;
    if (request.method != "POST") return access_denied();
    if (net::coding_of(request) != net::Coding::kIdentity && !reading.unpacked) {
      return plain_answer(415, "A body is sent without Content-Encoding.\n");
    }
    const std::string_view type = request.header("content-type").value_or("");
    const MediaType media = media_type(service, type);
    const Target target = parse_target(request.header("x-amz-target").value_or(""));
    const api::Operation* operation =
        target.service == service.target ? api::find_operation(service, target.operation) : nullptr;
    const std::string_view body = reading.body();
    if (body.empty()) {
      const bool is_json = is_type(type, kJsonType, service.json_version);
      const ErrorCode code = operation != nullptr ? api::kSerialization : api::kUnknownOperation;
      return error_answer(service, {code, ""},
                          is_json || !service.has_cbor ? api::Form::kJson : api::Form::kCbor);
    }
    if (media == MediaType::kOther) {
      const bool is_complete = !target.service.empty() && !target.operation.empty();
      return is_complete ? unknown_operation() : access_denied();
    }

    Call call;
    call.form = media == MediaType::kAmzCbor ? api::Form::kCbor : api::Form::kJson;
    // A body that is no object is what the service complains of first. The operation finds that out
    // itself; here it is only looked at where something else is wrong as well.
    const auto is_object = [&] { return api::parse_body(body, call.form).has_value(); };
    if (media == MediaType::kPlainJson) {
      return is_object() ? coral_error(404, api::kUnknownOperation)
                         : coral_error(400, api::kSerialization);
    }
    const auto refuse = [&](const Error& error) {
      return error_answer(service, is_object() ? error : Error{api::kSerialization, ""}, call.form);
    };
    if (operation == nullptr) {
      return refuse({api::kUnknownOperation, unknown_operation_text(service)});
    }
    auto credential = read_credential(reading, service);
    if (!credential) return refuse(credential.error());
    call.service = &service;
    call.operation = operation;
    call.protocol = this;
    call.credential = std::move(*credential);
    call.unpacked = std::move(reading.unpacked);
    return call;
  }

  [[nodiscard]] Answer write(const Call& call, Result<std::string> outcome,
                             std::string_view /*request_id*/) const override {
    if (!outcome) return error_answer(*call.service, outcome.error(), call.form);
    Answer answer;
    answer.http.content_type = content_type(*call.service, call.form);
    answer.http.body = std::move(*outcome);
    return answer;
  }

  [[nodiscard]] std::string_view name(api::Form form) const override {
    return form == api::Form::kJson ? "json" : "cbor";
  }
};

}  // namespace

const Protocol& aws_json() {
  static const AwsJson kProtocol;
  return kProtocol;
}

}  // namespace millrace::aws
