#include "net/connection.h"

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <string>
#include <string_view>
#include <utility>

#include <boost/asio/buffer.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/flat_buffer.hpp>

#include "net/async.h"
#include "net/byte_stream.h"
#include "net/http.h"
#include "net/http1_head.h"
#include "net/http1_session.h"
#include "net/http2_session.h"
#include "net/session_context.h"
#include "net/sessions.h"
#include "net/tls_context.h"

namespace millrace::net {
namespace {

constexpr std::string_view kHttp2Preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
constexpr char kTlsHandshake = 0x16;
// Enough for the head of most requests; it grows for the others, and stays so.
constexpr std::size_t kBufferBytes = 2048;

// Reads until it is known what is spoken; kUndecided if that does not become known.
Task<Transport> read_transport(ByteStream* stream, beast::flat_buffer* buffer,
                               Sessions::Entry* entry) {
  Transport transport = Transport::kUndecided;
  while (transport == Transport::kUndecided && !entry->is_stopping()) {
    const auto space = buffer->prepare(kBufferBytes - std::min(buffer->size(), kBufferBytes - 1));
    const auto [error, count] = co_await stream->async_read_some(space, kAwaitTuple);
    if (error) co_return Transport::kUndecided;
    buffer->commit(count);
    transport = detect_transport({static_cast<const char*>(buffer->data().data()), buffer->size()});
  }
  co_return transport;
}

Task<> refuse_plain(ByteStream* stream, SessionContext* context) {
  const HttpResponse refusal =
      plain_response(400, "This port speaks TLS only: use https://\n", true);
  std::string text;
  write_head(text, refusal, Framing::kLength, true);
  text += refusal.body;
  const auto bytes = asio::buffer(text);
  co_await asio::async_write(*stream, bytes, kAwaitTuple);
  co_await stream->finish(context->limits.goodbye_timeout);
  co_await stream->drain(context->limits.linger_timeout);
}

// Whether bytes have come, and the rest was waited for in vain.
bool has_stalled(const ByteStream& stream, const beast::flat_buffer& buffer) {
  return buffer.size() > 0 && stream.has_expired(std::chrono::steady_clock::now());
}

}  // namespace

Transport detect_transport(std::string_view first_bytes) {
  if (first_bytes.empty()) return Transport::kUndecided;
  if (first_bytes[0] == kTlsHandshake) return Transport::kTls;
  if (first_bytes.starts_with(kHttp2Preface)) return Transport::kHttp2;
  if (kHttp2Preface.starts_with(first_bytes)) return Transport::kUndecided;
  return Transport::kHttp1;
}

Task<> serve_connection(Socket socket, SessionContext* context) {
  boost::system::error_code ignored;
  socket.set_option(Tcp::no_delay(true), ignored);
  const std::string peer = peer_of(socket);  // Once the socket is closed it is not known.
  ByteStream stream(std::move(socket));
  Sessions::Entry entry(context->sessions, stream);
  beast::flat_buffer buffer(context->limits.header_bytes_max + kBufferBytes);
  // Without room of its own the library reads 512 bytes at a time.
  buffer.reserve(kBufferBytes);
  stream.expires_after(context->limits.header_timeout);
  Transport transport = co_await read_transport(&stream, &buffer, &entry);
  const auto tls = context->tls.context.get();
  if (transport == Transport::kTls && tls) {
    const auto error = co_await stream.accept_tls(tls.get(), &buffer);
    if (error) {
      context->tls.failures.add();
      co_return;
    }
    transport = co_await read_transport(&stream, &buffer, &entry);
  } else if (context->tls.mode == TlsMode::kTlsOnly) {
    if (transport == Transport::kHttp1) {
      context->handler.note_rejection(peer, "http1", 400, "The port speaks TLS only.");
      co_await refuse_plain(&stream, context);
    } else if (transport == Transport::kHttp2) {
      context->handler.note_rejection(peer, "http2", 0, "The port speaks TLS only.");
    }
    if (transport != Transport::kUndecided) {
      co_await stream.finish(context->limits.goodbye_timeout);
      co_return;
    }
  }
  if (transport == Transport::kHttp1) {
    co_await serve_http1(&stream, &buffer, context, &entry);
  } else if (transport == Transport::kHttp2) {
    co_await serve_http2(&stream, &buffer, context, &entry);
  } else if (transport == Transport::kTls) {
    context->handler.note_rejection(peer, "tls", 0, "TLS is not spoken here.");
  } else if (has_stalled(stream, buffer)) {
    context->handler.note_rejection(peer, "http2", 0, "The preface does not go on.");
  }
  co_await stream.finish(context->limits.goodbye_timeout);
}

}  // namespace millrace::net
