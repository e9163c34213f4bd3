// Smithy RPC v2 CBOR: target and operation in the path, a map of CBOR in and out.
//
// Source: Smithy, RPC v2 CBOR protocol.

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

constexpr std::string_view kContentType = "application/cbor";
constexpr std::string_view kEmptyMap = "\xa0";

Answer cbor_answer(int status, std::string body) {
  Answer answer;
  answer.http.status = status;
  answer.http.content_type = kContentType;
  answer.http.body = std::move(body);
  answer.http.headers.emplace_back("smithy-protocol", "rpc-v2-cbor");
  return answer;
}

Answer error_answer(const api::Service& service, const Error& error) {
  api::ErrorReply reply = api::to_reply(error, service.errors);
  if (error.code == api::kUnknownOperation) reply.status = 404;
  Answer answer = cbor_answer(reply.status, api::error_body(reply, api::Form::kRpcCbor));
  add_query_error(answer, service, reply);
  answer.error = std::move(reply.type);
  return answer;
}

class RpcCbor final : public Protocol {
 public:
  [[nodiscard]] std::variant<Call, Answer> read(const api::Service& service,
                                                Reading& reading) const override {
    const RpcPath path = parse_rpc_path(reading.request.path);
    const api::Operation* operation = api::find_operation(service, path.operation);
    if (reading.request.method != "POST" || operation == nullptr) {
      return error_answer(service, {api::kUnknownOperation, unknown_operation_text(service)});
    }
    auto credential = read_credential(reading, service);
    if (!credential) return error_answer(service, credential.error());
    Call call;
    call.service = &service;
    call.operation = operation;
    call.protocol = this;
    call.form = api::Form::kRpcCbor;
    call.credential = std::move(*credential);
    call.unpacked = std::move(reading.unpacked);
    // An operation without input is called without a body.
    if (reading.request.body.empty()) call.unpacked = std::string(kEmptyMap);
    return call;
  }

  [[nodiscard]] Answer write(const Call& call, Result<std::string> outcome,
                             std::string_view /*request_id*/) const override {
    if (!outcome) return error_answer(*call.service, outcome.error());
    return cbor_answer(200, outcome->empty() ? std::string(kEmptyMap) : std::move(*outcome));
  }

  [[nodiscard]] std::string_view name(api::Form /*form*/) const override { return "rpc-v2-cbor"; }
};

}  // namespace

const Protocol& rpc_cbor() {
  static const RpcCbor kProtocol;
  return kProtocol;
}

}  // namespace millrace::aws
