#include "api/error_reply.h"

#include <string>
#include <string_view>

#include "api/cbor.h"
#include "api/errors.h"
#include "api/json.h"
#include "api/value.h"
#include "base/error.h"
#include "storage/errors.h"
#include "streams/errors.h"

namespace millrace::api {
namespace {

template <class Writer>
void write_body(Writer writer, std::string_view type, std::string_view key,
                std::string_view message) {
  writer.begin_map(message.empty() ? 1 : 2);
  writer.key("__type");
  writer.string(type);
  if (!message.empty()) {
    writer.key(key);
    writer.string(message);
  }
  writer.end_map();
}

// The service's own faults carry no message. A full disk does: somebody has to make room.
bool is_fault(ErrorCode code) {
  return code == streams::kInternalFailure || code == storage::kFull || code == storage::kBusy ||
         code == storage::kDamaged || code == storage::kFailed;
}

}  // namespace

ErrorReply to_reply(const Error& error, Form form) {
  ErrorReply reply;
  reply.type = error.code.name;
  std::string_view message = error.message;
  if (is_fault(error.code)) {
    reply.status = 500;
    reply.type = streams::kInternalFailure.name;
    if (error.code != storage::kFull) message = {};
  }
  // The service writes a capital letter in this one error.
  const std::string_view key = error.code == kSerialization ? "Message" : "message";
  if (form == Form::kJson) {
    write_body(JsonWriter(reply.body), reply.type, key, message);
  } else {
    write_body(CborWriter(reply.body), reply.type, key, message);
  }
  return reply;
}

ErrorReply to_exception(const Error& error, Form form) {
  ErrorReply reply;
  reply.type = is_fault(error.code) ? "InternalFailureException" : error.code.name;
  const auto write = [&](auto writer) {
    writer.begin_map(1);
    writer.key("message");
    writer.string(is_fault(error.code) ? std::string_view{} : std::string_view(error.message));
    writer.end_map();
  };
  if (form == Form::kJson) {
    write(JsonWriter(reply.body));
  } else {
    write(CborWriter(reply.body));
  }
  return reply;
}

std::string_view content_type(Form form) {
  return form == Form::kJson ? "application/x-amz-json-1.1" : "application/x-amz-cbor-1.1";
}

}  // namespace millrace::api
