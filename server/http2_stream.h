// One request of an HTTP/2 connection, from its first header to the end of its answer.

#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "server/http.h"
#include "server/inflight.h"
#include "server/subscription_pump.h"

namespace millrace::server {

class Http2Stream {
 public:
  Http2Stream(std::int32_t stream_id, const Limits& limits, std::atomic<std::size_t>& inflight)
      : id(stream_id), limits_(limits), share_(inflight, limits.inflight_bytes_max) {}

  // Take in what arrives; what is over a limit makes the answer a refusal.
  void add_header(std::string_view name, std::string_view value);
  void add_body(std::string_view bytes);

  // The request, whose views are good while this lives. Only the parts that HTTP/1.1 has as well.
  [[nodiscard]] HttpRequest request() const;

  // What is answered instead of asking the dispatcher.
  [[nodiscard]] std::optional<HttpResponse> take_refusal() { return std::exchange(refusal_, {}); }
  [[nodiscard]] bool is_refused() const { return refusal_.has_value(); }

  const std::int32_t id;
  bool is_complete = false;   // The request has arrived.
  bool is_open = true;        // The peer still wants the answer.
  bool is_cut_short = false;  // Answered before the request had arrived.

  // The answer, as far as it was handed over: its body, or the frame under way.
  HttpResponse response;
  std::string out;
  std::size_t out_sent = 0;
  bool has_ended = false;  // Nothing follows `out`.

  // Of an answer that is a stream of events.
  std::shared_ptr<Waker> events;   // Its pump's.
  std::shared_ptr<Waker> drained;  // Woken when `out` has been sent.

 private:
  void refuse(int status, std::string text);
  [[nodiscard]] bool is_too_slow() const;

  const Limits& limits_;
  InflightShare share_;
  std::string method_;
  std::string target_;
  std::string authority_;
  std::string header_text_;  // Names and values, one behind the other.
  std::vector<std::pair<std::size_t, std::size_t>> header_sizes_;  // Of each name and value.
  std::size_t header_bytes_ = 0;                                   // As the limit counts them.
  std::string body_;
  std::chrono::steady_clock::time_point body_started_;
  std::optional<HttpResponse> refusal_;
};

}  // namespace millrace::server
