#include "api/error_reply.h"

#include <algorithm>
#include <span>
#include <string>
#include <string_view>

#include "api/cbor.h"
#include "api/errors.h"
#include "api/json.h"
#include "api/value.h"
#include "base/error.h"

namespace millrace::api {
namespace {

// Writes a map of one or two texts.
template <class Write>
std::string written(Form form, Write write) {
  std::string body;
  if (form == Form::kJson) {
    write(JsonWriter(body));
  } else {
    write(CborWriter(body));
  }
  return body;
}

}  // namespace

ErrorReply to_reply(const Error& error, std::span<const ErrorName> names) {
  const bool is_fault = error.code.blame != Blame::kCaller;
  const ErrorCode code = is_fault ? kInternalFailure : error.code;
  ErrorReply reply;
  reply.status = is_fault ? 500 : 400;
  reply.type = code.name;
  if (error.code.blame != Blame::kServer) reply.message = error.message;
  const auto known = std::ranges::find(names, code, &ErrorName::code);
  if (known != names.end()) {
    reply.type = known->name;
    reply.status = known->status;
    reply.query_name = known->query_name;
  }
  return reply;
}

std::string error_body(const ErrorReply& reply, Form form) {
  // The services write a capital letter in this one error.
  const std::string_view key = reply.type == kSerialization.name ? "Message" : "message";
  return written(form, [&](auto writer) {
    writer.begin_map(reply.message.empty() ? 1 : 2);
    writer.key("__type");
    writer.string(reply.type);
    if (!reply.message.empty()) {
      writer.key(key);
      writer.string(reply.message);
    }
    writer.end_map();
  });
}

ExceptionEvent to_exception(const Error& error, Form form) {
  const bool is_fault = error.code.blame != Blame::kCaller;
  ExceptionEvent event;
  event.type = is_fault ? "InternalFailureException" : error.code.name;
  event.body = written(form, [&](auto writer) {
    writer.begin_map(1);
    writer.key("message");
    writer.string(is_fault ? std::string_view{} : std::string_view(error.message));
    writer.end_map();
  });
  return event;
}

}  // namespace millrace::api
