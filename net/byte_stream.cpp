#include "net/byte_stream.h"

#include <array>
#include <chrono>
#include <memory>
#include <string>

#include <boost/asio/buffer.hpp>
#include <boost/asio/socket_base.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/ssl/stream_base.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <sys/poll.h>

#include "net/async.h"

namespace millrace::net {

std::string peer_of(const Socket& socket) {
  boost::system::error_code error;
  const auto endpoint = socket.remote_endpoint(error);
  if (error) return {};
  return endpoint.address().to_string() + ":" + std::to_string(endpoint.port());
}

bool has_hung_up(Socket& socket) {
  pollfd state{socket.native_handle(), POLLRDHUP, 0};
  return ::poll(&state, 1, 0) > 0;
}

Task<boost::system::error_code> ByteStream::accept_tls(asio::ssl::context* tls,
                                                       beast::flat_buffer* received) {
  tls_ = std::make_unique<asio::ssl::stream<Socket&>>(socket_, *tls);
  const auto hello = received->data();
  const auto [error, count] =
      co_await tls_->async_handshake(asio::ssl::stream_base::server, hello, kAwaitTuple);
  received->consume(count);
  co_return error;
}

void ByteStream::close() {
  boost::system::error_code ignored;
  socket_.close(ignored);
}

Task<> ByteStream::finish(std::chrono::steady_clock::duration timeout) {
  if (tls_) {
    expires_after(timeout);
    co_await tls_->async_shutdown(kAwaitTuple);
  }
  boost::system::error_code ignored;
  socket().shutdown(asio::socket_base::shutdown_send, ignored);
}

Task<> ByteStream::drain(std::chrono::steady_clock::duration timeout) {
  std::array<char, 4096> dropped{};
  const auto space = asio::buffer(dropped);
  expires_after(timeout);
  tls_.reset();  // What comes now is nobody's to decipher.
  bool is_open = true;
  while (is_open) {
    const auto [error, count] = co_await async_read_some(space, kAwaitTuple);
    (void)count;
    is_open = !error;
  }
}

}  // namespace millrace::net
