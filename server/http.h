// Requests and answers as plain data: what every transport reads into and writes from.

#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "server/body_source.h"

namespace millrace::server {

// What one peer may take of us. Each limit is checked before the work it bounds.
struct Limits {
  std::size_t header_bytes_max = 32UL * 1024;        // 431 above.
  std::size_t header_count_max = 100;                // 431 above.
  std::size_t body_bytes_max = 16UL << 20U;          // 413 above.
  std::size_t inflight_bytes_max = 256UL << 20U;     // Bodies of all connections (budget.h).
  std::size_t answer_bytes_max = 256UL << 20U;       // Answers of all connections (budget.h).
  std::size_t one_answer_bytes_max = 16UL << 20U;    // The largest there is, in JSON.
  std::size_t connections_max = 10'000;              // Closed at once above.
  std::chrono::milliseconds header_timeout{10'000};  // From the first byte of a request.
  std::chrono::milliseconds idle_timeout{60'000};    // Between requests.
  std::chrono::milliseconds read_timeout{10'000};    // Without a byte of a body.
  std::size_t body_bytes_per_second_min = 1024;      // On the average, after read_timeout.
  std::chrono::milliseconds write_timeout{15'000};   // For each write_bytes_max of an answer.
  std::size_t write_bytes_max = 1UL << 20U;
  std::chrono::milliseconds stall_timeout{30'000};   // For a stream of HTTP/2 to take any of it.
  std::chrono::milliseconds event_timeout{60'000};   // For a reader to take an event.
  std::chrono::milliseconds linger_timeout{5'000};   // For the rest of a request that is refused.
  std::chrono::milliseconds goodbye_timeout{1'000};  // For a peer to end TLS as we did.
  std::chrono::milliseconds busy_timeout{5'000};     // While the store has fallen behind; then 500.
  std::chrono::milliseconds drain_timeout{6'000};    // For requests under way at a stop;
  std::chrono::milliseconds half_sent_timeout{
      2'000};  // within it, for the rest of a half-sent one.
};

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

// What the Content-Encoding fields of `request` say together.
[[nodiscard]] Coding coding_of(const HttpRequest& request);

// Of one answer alone.
inline constexpr std::string_view kRequestIdHeader = "x-amzn-RequestId";
inline constexpr std::string_view kExtendedIdHeader = "x-amz-id-2";

struct HttpResponse {
  int status = 200;
  std::string_view content_type;  // A literal; empty: no such header.
  std::string body;
  std::vector<std::pair<std::string_view, std::string>> headers;  // Besides length, type and date;
                                                                  // their names are literals.
  bool closes = false;  // The connection ends with this answer.

  std::unique_ptr<BodySource> source;  // What is sent in place of `body`.
};

// Of ASCII letters.
[[nodiscard]] bool equals_ignoring_case(std::string_view a, std::string_view b);
[[nodiscard]] std::string_view trimmed(std::string_view text);
[[nodiscard]] std::string_view reason_phrase(int status);

// An answer of a few words for people; `closes` as above.
[[nodiscard]] HttpResponse plain_response(int status, std::string text, bool closes = false);

}  // namespace millrace::server
