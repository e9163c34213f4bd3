#include "aws/event_stream.h"

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>

#include "api/cbor.h"
#include "api/error_reply.h"
#include "api/event_source.h"
#include "api/json.h"
#include "api/value.h"
#include "base/bytes.h"
#include "base/digest.h"
#include "base/error.h"

namespace millrace::aws {
namespace {

// Of a frame's payload. Events are Kinesis' alone.
std::string_view content_type(api::Form form) {
  return form == api::Form::kJson ? "application/x-amz-json-1.1" : "application/x-amz-cbor-1.1";
}

constexpr std::uint8_t kStringValue = 7;
constexpr std::size_t kPreludeBytes = 12;
constexpr std::size_t kChecksumBytes = 4;

using Headers = std::initializer_list<std::pair<std::string_view, std::string_view>>;

std::string frame(const Headers& headers, std::string_view payload) {
  std::string encoded;
  for (const auto& [name, value] : headers) {
    append_big_endian(encoded, static_cast<std::uint8_t>(name.size()));
    encoded += name;
    append_big_endian(encoded, kStringValue);
    append_big_endian(encoded, static_cast<std::uint16_t>(value.size()));
    encoded += value;
  }
  const std::size_t total = kPreludeBytes + encoded.size() + payload.size() + kChecksumBytes;
  std::string out;
  out.reserve(total);
  append_big_endian(out, static_cast<std::uint32_t>(total));
  append_big_endian(out, static_cast<std::uint32_t>(encoded.size()));
  append_big_endian(out, crc32(out));
  out += encoded;
  out += payload;
  append_big_endian(out, crc32(out));
  return out;
}

template <class Writer>
void write_empty(Writer writer) {
  writer.begin_map(0);
  writer.end_map();
}

}  // namespace

std::string initial_response_frame(api::Form form) {
  std::string payload;
  if (form == api::Form::kJson) {
    write_empty(api::JsonWriter(payload));
  } else {
    write_empty(api::CborWriter(payload));
  }
  return frame({{":event-type", "initial-response"},
                {":content-type", content_type(form)},
                {":message-type", "event"}},
               payload);
}

std::string event_frame(const api::Event& event, api::Form form) {
  return frame({{":event-type", event.type},
                {":content-type", content_type(form)},
                {":message-type", "event"}},
               event.payload);
}

std::string exception_frame(const Error& error, api::Form form) {
  const api::ExceptionEvent reply = api::to_exception(error, form);
  return frame({{":exception-type", reply.type},
                {":content-type", content_type(form)},
                {":message-type", "exception"}},
               reply.body);
}

}  // namespace millrace::aws
