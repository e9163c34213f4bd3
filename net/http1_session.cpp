#include "net/http1_session.h"

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include <boost/asio/buffer.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/error.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/error.hpp>

#include "base/bytes.h"
#include "net/async.h"
#include "net/budget.h"
#include "net/byte_stream.h"
#include "net/http.h"
#include "net/http1_faults.h"
#include "net/http1_head.h"
#include "net/http1_parser.h"
#include "net/http1_writer.h"
#include "net/session_context.h"
#include "net/sessions.h"

namespace millrace::net {
namespace {

namespace http = beast::http;

using SteadyClock = std::chrono::steady_clock;

constexpr std::size_t kReadBytes = 64UL * 1024;
constexpr std::size_t kHeadStepBytes = 4096;
// A body's memory is kept for the next request up to this.
constexpr std::size_t kKeptBodyBytes = 64UL * 1024;
constexpr int kEmptyLinesMax = 4;
constexpr std::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";

// The connection's state between the coroutines that serve it. They run one after the other.
class Http1Session {
 public:
  Http1Session(ByteStream& stream, beast::flat_buffer& buffer, SessionContext& context,
               Sessions::Entry& entry)
      : stream_(stream), buffer_(buffer), context_(context), entry_(entry) {
    peer_ = peer_of(stream_.socket());
    request_.protocol = stream_.is_tls() ? "http1+tls" : "http1";
  }

  Task<> run() {
    bool goes_on = true;
    while (goes_on) {
      const bool has_request = co_await wait_for_request();
      if (!has_request) co_return;
      goes_on = co_await serve_one();
      // Requests that came together are answered in turn with those of other connections.
      if (goes_on && buffer_.size() > 0) co_await asio::post(stream_.get_executor(), kAwait);
    }
  }

 private:
  // Returns once the first bytes of a request are there; false if none will come.
  Task<bool> wait_for_request() {
    if (entry_.is_stopping()) co_return false;
    entry_.set_idle(true);
    int empty_lines = 0;
    bool has_begun = drop_empty_lines(&empty_lines);
    if (!has_begun) stream_.expires_after(context_.limits.idle_timeout);
    while (!has_begun) {
      const auto space = buffer_.prepare(
          std::clamp<std::size_t>(buffer_.capacity(), 1, buffer_.max_size() - buffer_.size()));
      const auto [error, count] = co_await stream_.async_read_some(space, kAwaitTuple);
      if (error) co_return false;
      buffer_.commit(count);
      has_begun = drop_empty_lines(&empty_lines);
    }
    entry_.set_idle(false);
    co_return true;
  }

  // Drops empty lines before a request line, kEmptyLinesMax of them at most (RFC 9112 §2.2: some
  // clients send one behind a body). Returns whether a request has begun.
  bool drop_empty_lines(int* dropped) {
    while (*dropped < kEmptyLinesMax && received().starts_with("\r\n")) {
      buffer_.consume(2);
      ++*dropped;
    }
    return !received().empty() && (received() != "\r" || *dropped == kEmptyLinesMax);
  }

  // Returns whether the connection goes on.
  Task<bool> serve_one() {
    request_.headers.clear();
    body_.clear();
    Http1Parser parser(context_.limits, request_, body_);
    stream_.expires_after(context_.limits.header_timeout);
    IoError error = parse_head(&parser);
    while (error == http::error::need_more) {
      const auto space =
          buffer_.prepare(std::min(kHeadStepBytes, buffer_.max_size() - buffer_.size()));
      const auto [read_error, count] = co_await stream_.async_read_some(space, kAwaitTuple);
      buffer_.commit(count);
      error = read_error ? read_error : parse_head(&parser);
    }
    std::optional<HttpResponse> refusal;
    if (!error) refusal = check_head(parser);
    if (!error && !refusal && !take_body(&parser)) error = co_await read_body(&parser);
    if (error) refusal = has_no_room_ || body_share_.has_ended() ? no_room() : answer_to(error);
    if (error || refusal) {
      const bool has_expired = error && stream_.has_expired(SteadyClock::now());
      const std::string_view reason = reason_of(error, refusal, has_expired);
      const int status = refusal ? refusal->status : 0;
      if (!reason.empty())
        context_.handler.note_rejection(peer_, request_.protocol, status, reason);
      release_body();
      if (refusal) co_await refuse(&*refusal);
      co_return false;
    }

    stream_.expires_never();
    entry_.has_received();
    HttpResponse response = co_await context_.handler.answer(&request_, peer_, &answer_share_);
    release_body();
    const bool is_last = response.closes || !parser.keep_alive() || entry_.is_stopping();
    if (!is_last && parser.version() == 10 && !response.source) {
      response.headers.push_back({"Connection", "keep-alive"});
    }
    const bool has_body = request_.method != "HEAD";
    buffer_.consume(request_bytes_);
    if (response.source)
      co_return co_await writer_.write_pieces(&response, parser.version(), is_last);
    const bool is_written = co_await writer_.write(&response, is_last, has_body);
    std::string().swap(response.body);
    answer_share_.give_back();
    co_return is_written && !is_last && !answer_share_.has_ended();
  }

  // Parses the head once all of it is in the buffer: before that the parser would take lines one by
  // one, and what is left is not what is looked at here. One that is too large is not looked at,
  // whatever else it is. What does not begin as an HTTP/1.x request is the end of the stream: it is
  // closed without a word. need_more until the head is whole.
  IoError parse_head(Http1Parser* parser) {
    const std::string_view received = this->received();
    const std::size_t line_end = received.find("\r\n");
    if (line_end != std::string_view::npos && !is_http1_line(received.substr(0, line_end))) {
      return make_error_code(http::error::end_of_stream);
    }
    const HeadLines lines = look_at_lines(received.substr(0, context_.limits.header_bytes_max));
    if (lines.is_whole) {
      if (lines.is_folded) return make_error_code(http::error::bad_obs_fold);
      IoError error;
      request_bytes_ = parser->put(buffer_.data(), error);
      if (parser->is_header_done()) return {};
      if (error && error != http::error::need_more) return error;
    }
    if (received.size() >= context_.limits.header_bytes_max) {
      return make_error_code(http::error::header_limit);
    }
    return make_error_code(http::error::need_more);
  }

  // What can be refused before a byte of the body is read.
  std::optional<HttpResponse> check_head(const Http1Parser& parser) {
    if (request_.headers.size() > context_.limits.header_count_max) {
      return plain_response(431, "The request has too many header fields.\n", true);
    }
    if (const std::string_view fault = fault_of(request_, parser.version()); !fault.empty()) {
      return plain_response(400, std::string(fault), true);
    }
    if (!resolve_target(request_)) {
      return plain_response(400, "The target of the request names no host.\n", true);
    }
    return std::nullopt;
  }

  // Nobody looks at the body any longer: what it takes is not held while the peer reads.
  void release_body() {
    if (body_.capacity() > kKeptBodyBytes) std::string().swap(body_);
    body_share_.give_back();
  }

  // The answer to a body that there is no room for, or that had to make room for others.
  static HttpResponse no_room() {
    return plain_response(503, "Too many bytes are under way; try again.\n", true);
  }

  // Notes that `bytes` of the body have arrived. False if there is no room for them.
  bool take_room(std::size_t bytes) {
    has_no_room_ = !body_share_.take(bytes);
    return !has_no_room_;
  }

  static std::size_t length_of(const Http1Parser& parser) {
    return static_cast<std::size_t>(parser.content_length().value_or(0));
  }

  // Whether the body has arrived with the head; then it stays where it is.
  bool take_body(Http1Parser* parser) {
    if (parser->chunked()) return false;
    const std::string_view behind_head = received().substr(request_bytes_);
    const std::size_t length = length_of(*parser);
    if (behind_head.size() < length) return false;
    request_.body = behind_head.substr(0, length);
    request_bytes_ += length;
    return true;
  }

  Task<IoError> read_body(Http1Parser* parser) {
    const auto expect = request_.header("expect");
    const bool waits = expect && equals_ignoring_case(*expect, "100-continue");
    if (waits && buffer_.size() == request_bytes_) {
      const auto bytes = asio::buffer(kContinue);
      const auto [error, count] = co_await asio::async_write(stream_, bytes, kAwaitTuple);
      (void)count;
      if (error) co_return error;
    }
    body_started_ = SteadyClock::now();
    IoError error;
    if (parser->chunked()) {
      error = co_await read_chunks(parser);
    } else {
      error = co_await read_length(length_of(*parser));
    }
    request_.body = body_;
    body_share_.note_done();
    co_return error;
  }

  // Straight into the body, whose memory is only reserved at first: what has not arrived takes
  // none.
  Task<IoError> read_length(std::size_t length) {
    body_.reserve(length);
    body_ = received().substr(request_bytes_);
    request_bytes_ = buffer_.size();
    if (!take_room(body_.size())) co_return make_error_code(http::error::body_limit);
    while (body_.size() < length) {
      const std::size_t filled = body_.size();
      const std::size_t step = std::min(length - filled, std::max(kReadBytes, filled));
      const auto space = asio::buffer(extend(body_, step), step);
      if (is_too_slow(filled)) co_return make_error_code(http::error::partial_message);
      stream_.expires_after(context_.limits.read_timeout);
      const auto [error, count] = co_await stream_.async_read_some(space, kAwaitTuple);
      body_.resize(filled + count);
      if (error) co_return error;
      if (!take_room(count)) co_return make_error_code(http::error::body_limit);
    }
    co_return IoError{};
  }

  // Chunks go through the buffer, so the head makes room for them.
  Task<IoError> read_chunks(Http1Parser* parser) {
    parser->keep_head(received().substr(0, request_bytes_), chunks_head_);
    parser->eager(true);
    buffer_.consume(std::exchange(request_bytes_, 0));
    for (std::size_t counted = 0;;) {
      IoError error;
      buffer_.consume(parser->put(buffer_.data(), error));
      if (!take_room(body_.size() - std::exchange(counted, body_.size()))) {
        co_return make_error_code(http::error::body_limit);
      }
      if (parser->is_done()) co_return IoError{};
      if (error && error != http::error::need_more) co_return error;
      if (buffer_.size() == buffer_.max_size())
        co_return make_error_code(http::error::header_limit);
      if (is_too_slow(body_.size())) co_return make_error_code(http::error::partial_message);
      stream_.expires_after(context_.limits.read_timeout);
      const auto space = buffer_.prepare(std::min(kReadBytes, buffer_.max_size() - buffer_.size()));
      const auto [read_error, count] = co_await stream_.async_read_some(space, kAwaitTuple);
      if (read_error) co_return read_error;
      buffer_.commit(count);
    }
  }

  [[nodiscard]] std::string_view received() const {
    return {static_cast<const char*>(buffer_.data().data()), buffer_.size()};
  }

  [[nodiscard]] bool is_too_slow(std::size_t received) const {
    const auto elapsed = SteadyClock::now() - body_started_;
    if (elapsed < context_.limits.read_timeout) return false;
    const double seconds = std::chrono::duration<double>(elapsed).count();
    return static_cast<double>(received) <
           seconds * static_cast<double>(context_.limits.body_bytes_per_second_min);
  }

  // Answers what has not been read to its end.
  Task<> refuse(HttpResponse* response) {
    const bool is_written = co_await writer_.write(response, true, true);
    if (!is_written) co_return;
    entry_.set_idle(
        !entry_.is_stopping());  // A stop under way has its limit for what is half-sent.
    co_await stream_.finish(context_.limits.linger_timeout);
    co_await stream_.drain(context_.limits.linger_timeout);
  }

  ByteStream& stream_;
  beast::flat_buffer& buffer_;
  SessionContext& context_;
  Sessions::Entry& entry_;
  // Ends what is being read or written, where a budget wants its room for others.
  Ender<> ender_{stream_.get_executor(), [this] {
                   if (!body_share_.has_ended() && !answer_share_.has_ended()) return;
                   boost::system::error_code ignored;
                   stream_.socket().cancel(ignored);
                 }};
  Budget::Connection bodies_;
  Budget::Connection answers_;
  Budget::Share body_share_{context_.bodies, bodies_, ender_.from_any_thread()};
  Budget::Share answer_share_{context_.answers, answers_, ender_.from_any_thread()};
  Http1Writer writer_{stream_, context_, entry_, answer_share_};
  bool has_no_room_ = false;  // For the body.
  std::string peer_;
  HttpRequest request_;            // Points into buffer_, body_ and chunks_head_.
  std::size_t request_bytes_ = 0;  // How much of buffer_ belongs to the request.
  std::string body_;               // If it did not come with the head.
  std::string chunks_head_;        // The head of a request with chunks.
  SteadyClock::time_point body_started_;
};

}  // namespace

Task<> serve_http1(ByteStream* stream, beast::flat_buffer* received, SessionContext* context,
                   Sessions::Entry* entry) {
  Http1Session session(*stream, *received, *context, *entry);
  co_await session.run();
}

}  // namespace millrace::net
