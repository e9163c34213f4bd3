// Frames of an event stream, read by a decoder that shares nothing with the encoder: lengths, both
// checksums, headers and payload come out as they went in.

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <variant>

#include "api/cbor.h"
#include "api/json.h"
#include "api/value.h"
#include "aws/event_stream.h"
#include "base/error.h"
#include "storage/errors.h"
#include "streams/errors.h"
#include "tests/fuzz/fuzz.h"

namespace millrace::fuzz {
namespace {

constexpr std::size_t kTypeBytesMax = 64;  // The model's names are shorter.

// CRC-32 as IEEE 802.3 defines it, bit by bit.
std::uint32_t checksum_of(std::string_view bytes) {
  std::uint32_t remainder = 0xffffffffU;
  for (const char c : bytes) {
    remainder ^= static_cast<unsigned char>(c);
    for (int bit = 0; bit < 8; ++bit) {
      remainder = (remainder >> 1U) ^ ((remainder & 1U) != 0 ? 0xedb88320U : 0U);
    }
  }
  return ~remainder;
}

std::uint32_t number_at(std::string_view bytes, std::size_t offset, std::size_t size = 4) {
  require(bytes.size() >= offset + size);
  std::uint32_t number = 0;
  for (const char c : bytes.substr(offset, size)) {
    number = number * 256 + static_cast<unsigned char>(c);
  }
  return number;
}

struct Message {
  std::map<std::string, std::string> headers;
  std::string payload;
};

// Takes a message off the front of `stream`.
Message take_message(std::string_view& stream) {
  const std::size_t total = number_at(stream, 0);
  const std::size_t header_bytes = number_at(stream, 4);
  require(total <= stream.size() && total >= 16 && header_bytes <= total - 16);
  const std::string_view whole = stream.substr(0, total);
  require(number_at(whole, 8) == checksum_of(whole.substr(0, 8)));
  require(number_at(whole, total - 4) == checksum_of(whole.substr(0, total - 4)));
  Message message;
  std::string_view headers = whole.substr(12, header_bytes);
  while (!headers.empty()) {
    const std::size_t name_bytes = number_at(headers, 0, 1);
    const std::string name(headers.substr(1, name_bytes));
    require(number_at(headers, 1 + name_bytes, 1) == 7);
    const std::size_t value_bytes = number_at(headers, 2 + name_bytes, 2);
    require(headers.size() >= 4 + name_bytes + value_bytes);
    require(message.headers.emplace(name, headers.substr(4 + name_bytes, value_bytes)).second);
    headers.remove_prefix(4 + name_bytes + value_bytes);
  }
  message.payload = whole.substr(12 + header_bytes, total - 16 - header_bytes);
  stream.remove_prefix(total);
  return message;
}

void check(Message message, std::string_view kind, std::string_view type, api::Form form) {
  require(message.headers.size() == 3);
  require(message.headers[":message-type"] == kind);
  require(message.headers[":" + std::string(kind) + "-type"] == type);
  require(message.headers[":content-type"] ==
          (form == api::Form::kJson ? "application/x-amz-json-1.1" : "application/x-amz-cbor-1.1"));
}

std::string message_in(std::string_view payload, api::Form form) {
  auto body = form == api::Form::kJson ? api::parse_json(payload) : api::parse_cbor(payload);
  require(body.has_value());
  const api::Value* text = body->find("message");
  require(text != nullptr && std::holds_alternative<std::string>(text->held));
  return std::get<std::string>(text->held);
}

}  // namespace

void run(std::string_view input) {
  if (input.size() < 2) return;
  const api::Form form =
      static_cast<unsigned char>(input[0]) % 2 == 0 ? api::Form::kJson : api::Form::kCbor;
  const std::size_t type_bytes = static_cast<unsigned char>(input[1]) % kTypeBytesMax;
  input.remove_prefix(2);
  const std::string type(input.substr(0, type_bytes));
  const std::string rest(input.substr(std::min(type_bytes, input.size())));

  std::string stream = aws::initial_response_frame(form);
  stream += aws::event_frame({type, rest}, form);
  const std::array<ErrorCode, 3> codes = {streams::kResourceInUse, streams::kInternalFailure,
                                          storage::kFull};
  for (const ErrorCode code : codes) stream += aws::exception_frame({code, rest}, form);

  std::string_view left = stream;
  check(take_message(left), "event", "initial-response", form);
  const Message event = take_message(left);
  check(event, "event", type, form);
  require(event.payload == rest);
  // Messages of errors are text of ours, with a client's text in them that was checked before.
  const bool is_text = api::parse_json("\"\"") && [&] {
    std::string quoted;
    api::append_json_string(quoted, rest);
    return api::parse_json(quoted).has_value();
  }();
  for (const ErrorCode code : codes) {
    const Message exception = take_message(left);
    const bool is_fault = code != streams::kResourceInUse;
    check(exception, "exception",
          is_fault ? std::string_view("InternalFailureException") : code.name, form);
    if (is_text) require(message_in(exception.payload, form) == (is_fault ? "" : rest));
  }
  require(left.empty());
}

}  // namespace millrace::fuzz
