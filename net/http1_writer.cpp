#include "net/http1_writer.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdio>
#include <memory>
#include <string>
#include <string_view>

#include <boost/asio/buffer.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/error.hpp>

#include "net/async.h"
#include "net/body_pump.h"
#include "net/byte_stream.h"
#include "net/http.h"
#include "net/http1_head.h"
#include "net/session_context.h"
#include "net/sessions.h"

namespace millrace::net {
namespace {

constexpr std::size_t kGatheredBytes = 16UL * 1024;
// Between a peer's goodbye inside TLS and the end of the connection.
constexpr std::chrono::milliseconds kGoodbyeTime{100};
constexpr std::string_view kLastChunk = "0\r\n\r\n";

// Wakes the pump when the peer closes. One that sends its next request already is not gone.
void watch_peer(Socket& socket, const Executor& executor, const std::shared_ptr<Waker>& waker) {
  const auto timer = std::make_shared<Timer>(executor);
  socket.async_wait(Socket::wait_read, [waker, &socket, timer](const IoError& error) {
    if (error || waker->has_ended()) return;
    if (has_hung_up(socket)) return waker->end();
    // Inside TLS a peer says goodbye before it closes.
    timer->expires_after(kGoodbyeTime);
    timer->async_wait([waker, &socket, timer](const IoError& timer_error) {
      if (!timer_error && !waker->has_ended() && has_hung_up(socket)) waker->end();
    });
  });
}

}  // namespace

// Pieces as chunks of an answer.
class Http1Writer::ChunkSink final : public BodySink {
 public:
  ChunkSink(Http1Writer& writer, Framing framing) : writer_(writer), framing_(framing) {}

  Task<bool> send(std::string_view piece) override {
    const bool has_room =
        co_await take_in_time(&writer_.share_, piece.size(), writer_.stream_.get_executor(),
                              writer_.context_.limits.piece_timeout);
    if (!has_room) co_return false;
    writer_.head_ = framing_ == Framing::kChunked ? chunk(piece) : std::string(piece);
    const auto bytes = asio::buffer(writer_.head_);
    const bool is_sent = co_await writer_.write_piece(bytes);
    writer_.share_.give_back();
    co_return is_sent;
  }

 private:
  static std::string chunk(std::string_view piece) {
    std::array<char, 24> size{};
    const int digits = std::snprintf(size.data(), size.size(), "%zx\r\n", piece.size());
    std::string text(size.data(), static_cast<std::size_t>(digits));
    text += piece;
    return text += "\r\n";
  }

  Http1Writer& writer_;
  const Framing framing_;
};

Task<bool> Http1Writer::write_pieces(HttpResponse* response, unsigned version, bool is_last) {
  const Framing framing = version == 11 ? Framing::kChunked : Framing::kUntilClose;
  is_last = is_last || framing == Framing::kUntilClose;
  write_head(head_, *response, framing, is_last);
  const auto head = asio::buffer(head_);
  const bool has_begun = co_await write_piece(head);
  if (!has_begun) co_return false;
  const auto waker = std::make_shared<Waker>(stream_.get_executor());
  entry_.on_stop([waker] { waker->end(); });
  if (entry_.is_stopping()) waker->end();  // A stop that has begun tells nobody twice.
  watch_peer(stream_.socket(), stream_.get_executor(), waker);
  ChunkSink sink(*this, framing);
  const bool is_whole = co_await pump_body(response->source.get(), &sink, waker, &context_.loop);
  entry_.on_stop(nullptr);
  waker->end();  // The watch looks no more at a socket that may be gone.
  IoError ignored;
  stream_.socket().cancel(ignored);
  if (!is_whole) co_return false;
  if (framing == Framing::kChunked) {
    const auto end = asio::buffer(kLastChunk);
    const bool is_ended = co_await write_piece(end);
    if (!is_ended) co_return false;
  }
  co_return !is_last && !entry_.is_stopping();
}

// One write with a deadline.
Task<bool> Http1Writer::write_piece(asio::const_buffer bytes) {
  stream_.expires_after(context_.limits.piece_timeout);
  const auto [error, count] = co_await asio::async_write(stream_, bytes, AtOnce{}, kAwaitTuple);
  (void)count;
  stream_.expires_never();
  co_return !error;
}

Task<bool> Http1Writer::write(HttpResponse* response, bool is_last, bool has_body) {
  write_head(head_, *response, Framing::kLength, is_last);
  const std::string_view body = has_body ? std::string_view(response->body) : std::string_view{};
  if (head_.size() + body.size() > kGatheredBytes) {
    const bool is_written = co_await write_large(body);
    co_return is_written;
  }
  head_ += body;  // One write, and inside TLS one record.
  stream_.expires_after(context_.limits.write_timeout);
  std::size_t sent = stream_.write_at_once(asio::buffer(head_));
  while (sent < head_.size()) {
    const auto rest = asio::buffer(head_.data() + sent, head_.size() - sent);
    const auto [error, count] = co_await stream_.async_write_some(rest, kAwaitTuple);
    if (error) co_return false;
    sent += count;
  }
  co_return true;
}

// The head and `body`. Each write_bytes_max of them has a deadline of its own, so that slow is
// not the same as stuck.
Task<bool> Http1Writer::write_large(std::string_view body) {
  std::array<asio::const_buffer, 2> rest = {asio::buffer(head_), asio::buffer(body)};
  std::size_t sent = 0;
  std::size_t in_time = 0;
  while (sent < head_.size() + body.size()) {
    if (sent >= in_time) {
      stream_.expires_after(context_.limits.write_timeout);
      in_time = sent + context_.limits.write_bytes_max;
    }
    const auto [error, count] = co_await stream_.async_write_some(rest, kAwaitTuple);
    if (error) co_return false;
    sent += count;
    share_.note_move(count);
    if (share_.has_ended()) co_return false;
    const std::size_t of_head = std::min(count, rest[0].size());
    rest[0] += of_head;
    rest[1] += count - of_head;
  }
  co_return true;
}

}  // namespace millrace::net
