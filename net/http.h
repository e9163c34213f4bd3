// Requests and answers as plain data: what every transport reads into and writes from.

#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "net/body_source.h"

namespace millrace::net {

struct Header {
  std::string_view name;
  std::string_view value;
};

// Views into a session's buffers, valid until the answer is written.
struct HttpRequest {
  std::string_view protocol;  // "http1" or "http2", "+tls" behind it; for the log.
  std::string_view method;
  std::string_view path;   // Of the target, without the query.
  std::string_view query;  // Behind the '?', not decoded.
  std::vector<Header> headers;
  std::string_view body;

  // The first header of that name, case-insensitive; nothing if there is none.
  [[nodiscard]] std::optional<std::string_view> header(std::string_view name) const;
  [[nodiscard]] std::size_t header_count(std::string_view name) const;
};

// How a body is encoded. Source: RFC 9110 §8.4.
enum class Coding : std::uint8_t { kIdentity, kGzip, kOther };

// The coding that the Content-Encoding fields of `request` name together.
[[nodiscard]] Coding coding_of(const HttpRequest& request);

// A header of an answer, whose name is a literal.
struct AnswerHeader {
  std::string_view name;
  std::string value;
  bool is_unique = false;  // Of this answer alone, such as an id.
};

struct HttpResponse {
  int status = 200;
  std::string_view content_type;  // A literal; empty: no such header.
  std::string body;
  std::vector<AnswerHeader> headers;  // Besides length, type and date.
  bool closes = false;                // The connection ends with this answer.

  std::unique_ptr<BodySource> source;  // What is sent in place of `body`.
};

// Of ASCII letters.
[[nodiscard]] bool equals_ignoring_case(std::string_view a, std::string_view b);
[[nodiscard]] std::string_view trimmed(std::string_view text);
[[nodiscard]] std::string_view reason_phrase(int status);

// An answer of a few words for people; `closes` as above.
[[nodiscard]] HttpResponse plain_response(int status, std::string text, bool closes = false);

}  // namespace millrace::net
