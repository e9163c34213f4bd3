// AWS Query: the operation in the parameter Action, in a form or a query string; answers are XML.
//
// Source: Smithy, AWS Query protocol; "Common Errors" of the AWS STS API reference. The text for an
// unknown action is the services', django-ses/django-ses#158.

#include <array>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

#include "api/error_reply.h"
#include "api/errors.h"
#include "api/operation.h"
#include "api/query.h"
#include "api/service.h"
#include "api/value.h"
#include "api/xml.h"
#include "aws/protocol.h"
#include "base/error.h"
#include "net/http.h"

namespace millrace::aws {
namespace {

constexpr ErrorCode kMissingAction{"MissingAction"};

// What the protocol calls the errors that every service has.
constexpr std::array kErrorNames = {
    api::ErrorName{api::kUnknownOperation, "InvalidAction", 400},
    api::ErrorName{api::kSerialization, "MalformedInput", 400},
    api::ErrorName{api::kValidation, "ValidationError", 400},
    api::ErrorName{api::kMalformedQuery, "MalformedQueryString", 404},
    api::ErrorName{api::kMissingAuthenticationToken, "MissingAuthenticationToken", 403},
    api::ErrorName{api::kIncompleteSignature, "IncompleteSignature", 400},
    api::ErrorName{api::kInvalidSignature, "SignatureDoesNotMatch", 403},
    api::ErrorName{api::kUnrecognizedClient, "InvalidClientTokenId", 403},
    api::ErrorName{api::kExpiredToken, "ExpiredToken", 403},
};

std::string element(std::string_view name, std::string_view text) {
  std::string out = "<" + std::string(name) + ">";
  api::append_xml_text(out, text);
  return out + "</" + std::string(name) + ">";
}

Answer xml_answer(int status, std::string body) {
  Answer answer;
  answer.http.status = status;
  answer.http.content_type = "text/xml";
  answer.http.body = std::move(body);
  return answer;
}

Answer error_answer(const api::Service& service, const Error& error, std::string_view request_id) {
  api::ErrorReply reply = api::to_reply(error, service.errors);
  if (reply.type == error.code.name) reply = api::to_reply(error, kErrorNames);
  const std::string name(reply.query_name.empty() ? reply.type : reply.query_name);
  Answer answer = xml_answer(
      reply.status, "<ErrorResponse xmlns=\"" + std::string(service.xml_namespace) +
                        "\"><Error><Type>" + (reply.status < 500 ? "Sender" : "Receiver") +
                        "</Type>" + element("Code", name) + element("Message", reply.message) +
                        "</Error>" + element("RequestId", request_id) + "</ErrorResponse>\n");
  answer.error = name;
  return answer;
}

// The text of a parameter that has no dots in its name; empty if it is not there.
std::string text_of(api::Value& parameters, std::string_view name) {
  const api::Value* value = parameters.find(name);
  const auto* text = value != nullptr ? std::get_if<std::string>(&value->held) : nullptr;
  return text != nullptr ? *text : std::string{};
}

// The operation that `action` means. Errors: kMissingAction, kUnknownOperation.
Result<const api::Operation*> find_action(const api::Service& service, const std::string& action,
                                          const std::string& version) {
  if (action.empty()) return fail(kMissingAction, "The request has no parameter Action.");
  const api::Operation* operation = api::find_operation(service, action);
  const bool is_version = version.empty() || version == service.query_version;
  if (operation != nullptr && is_version) return operation;
  if (operation == nullptr && is_version && service.is_partial) {
    return fail(api::kUnknownOperation, unknown_operation_text(service));
  }
  return fail(api::kUnknownOperation,
              "Could not find operation " + action + " for version " +
                  (version.empty() ? std::string(service.query_version) : version));
}

class AwsQuery final : public Protocol {
 public:
  [[nodiscard]] std::variant<Call, Answer> read(const api::Service& service,
                                                Reading& reading) const override {
    const net::HttpRequest& request = reading.request;
    const auto refuse = [&](const Error& error) {
      return error_answer(service, error, reading.request_id);
    };
    const bool is_get = request.method == "GET";
    auto parameters = api::parse_query(is_get ? std::string_view(request.query) : reading.body());
    if (!parameters) return refuse(parameters.error());
    const auto operation =
        find_action(service, text_of(*parameters, "Action"), text_of(*parameters, "Version"));
    if (!operation) return refuse(operation.error());
    auto credential = read_credential(reading, service);
    if (!credential) return refuse(credential.error());
    Call call;
    call.service = &service;
    call.operation = *operation;
    call.protocol = this;
    call.form = api::Form::kQuery;
    call.credential = std::move(*credential);
    call.parameters = std::move(*parameters);
    return call;
  }

  [[nodiscard]] Answer write(const Call& call, Result<std::string> outcome,
                             std::string_view request_id) const override {
    const api::Service& service = *call.service;
    if (!outcome) return error_answer(service, outcome.error(), request_id);
    const std::string name(call.operation->name);
    std::string body =
        "<" + name + "Response xmlns=\"" + std::string(service.xml_namespace) + "\">";
    // An operation without output has no result.
    if (!call.operation->describe_output().empty()) {
      body += "<" + name + "Result>" + *outcome + "</" + name + "Result>";
    }
    body += "<ResponseMetadata>" + element("RequestId", request_id) + "</ResponseMetadata></" +
            name + "Response>\n";
    return xml_answer(200, std::move(body));
  }

  [[nodiscard]] std::string_view name(api::Form /*form*/) const override { return "query"; }
};

}  // namespace

const Protocol& aws_query() {
  static const AwsQuery kProtocol;
  return kProtocol;
}

}  // namespace millrace::aws
