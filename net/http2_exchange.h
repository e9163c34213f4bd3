// One request of an HTTP/2 connection, from its first header to the end of its answer.

#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "net/body_pump.h"
#include "net/budget.h"
#include "net/http.h"
#include "net/http2_protocol.h"
#include "net/limits.h"

namespace millrace::net {

// The parts of the budgets that the streams of one connection hold together.
struct Http2Shares {
  Http2Shares(Budget& of_bodies, Budget& of_answers) : bodies(of_bodies), answers(of_answers) {}

  Budget& bodies;
  Budget& answers;
  Budget::Connection body;
  Budget::Connection answer;
};

class Http2Exchange {
 public:
  // `end` is called from any thread where the stream has to make room for others.
  Http2Exchange(std::int32_t stream_id, const Limits& limits, std::shared_ptr<Http2Shares> shares,
                const std::function<void()>& end)
      : id(stream_id),
        shares_(std::move(shares)),
        answer_share(shares_->answers, shares_->answer, end),
        limits_(limits),
        body_share_(shares_->bodies, shares_->body, end) {}

  // Take in what arrives; what is over a limit makes the answer a refusal.
  void add_header(std::string_view name, std::string_view value);
  void add_body(std::string_view bytes);

  // The request, whose views are good while this lives. Only the parts that HTTP/1.1 has as well.
  [[nodiscard]] HttpRequest request() const;

  // The answer to a refused request, which the handler is not asked for.
  [[nodiscard]] std::optional<HttpResponse> take_refusal() { return std::exchange(refusal_, {}); }
  [[nodiscard]] bool is_refused() const { return refusal_.has_value(); }

  // Refuses a request that has not arrived: it had to make room, or has been silent for too long.
  void refuse_for_room() { refuse(503, "Too many bytes are under way; try again.\n"); }
  void refuse_as_too_slow() { refuse(408, "The body comes too slowly.\n"); }

  // The request has arrived, or as much of it as is wanted.
  void complete() {
    is_complete = true;
    body_share_.note_done();
  }

  // When the peer must have sent, or taken, something more. Never while it is our turn.
  [[nodiscard]] std::chrono::steady_clock::time_point deadline() const;
  void note_move() { moved_at_ = std::chrono::steady_clock::now(); }

  // Copies what comes next of the answer into `space`; how much that was.
  std::size_t take(std::span<std::uint8_t> space);

  // Forgets an answer that its peer does not take.
  void drop_answer();

  // Nobody looks at the body any longer: what it takes is not held while the peer reads.
  void release_body() {
    std::string().swap(body_);
    body_share_.give_back();
  }

  const std::int32_t id;

 private:
  // A stream may be the last to go: a timer of its pump outlives the session at the end of a loop.
  const std::shared_ptr<Http2Shares> shares_;

 public:
  bool is_complete = false;   // The request has arrived.
  bool is_open = true;        // The peer still wants the answer.
  bool is_cut_short = false;  // Answered before the request had arrived.

  // The answer, as far as it was handed over: its body, or the piece under way.
  HttpResponse response;
  std::string out;
  std::size_t out_sent = 0;
  bool has_ended = false;   // Nothing follows `out`.
  bool is_dropped = false;  // The answer was forgotten: none of it is sent any longer.
  Budget::Share answer_share;

  // Of an answer that comes in pieces.
  std::shared_ptr<Waker> pump;     // Its pump's.
  std::shared_ptr<Waker> drained;  // Woken when `out` has been sent.

 private:
  void refuse(int status, std::string text);
  [[nodiscard]] bool is_too_slow() const;

  const Limits& limits_;
  Budget::Share body_share_;
  std::string method_;
  std::string target_;
  std::string authority_;
  std::string header_text_;  // Names and values, one behind the other.
  std::vector<std::pair<std::size_t, std::size_t>> header_sizes_;  // Of each name and value.
  std::size_t header_bytes_ = 0;                                   // As the limit counts them.
  std::string body_;
  std::chrono::steady_clock::time_point body_started_;
  std::chrono::steady_clock::time_point moved_at_ = std::chrono::steady_clock::now();
  std::optional<HttpResponse> refusal_;
};

// The fields of an answer, which point into all three; without a length if that is empty.
[[nodiscard]] std::vector<Http2Protocol::Field> fields_of(const HttpResponse& response,
                                                          const std::string& status,
                                                          const std::string& length);

}  // namespace millrace::net
