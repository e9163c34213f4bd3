// The bytes of one connection, plain or inside TLS: an Asio stream that sessions read and write
// without knowing which.
//
// One read and one write may be under way at a time, on the connection's thread. A deadline is a
// point in time that is looked at four times a second for all connections of a thread (Sessions):
// a timer for each read and write would cost more than the reading.

#pragma once

#include <chrono>
#include <cstddef>
#include <limits>
#include <memory>
#include <string>
#include <utility>

#include <boost/asio/async_result.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/beast/core/flat_buffer.hpp>

#include "net/async.h"

namespace millrace::net {

// `address:port` of the peer; empty if it has gone.
[[nodiscard]] std::string peer_of(const Socket& socket);

// Whether the peer has closed its side.
[[nodiscard]] bool has_hung_up(Socket& socket);

// For asio::async_write: as much at a time as is taken, where it would hand over 64 KiB.
struct AtOnce {
  std::size_t operator()(const boost::system::error_code& error, std::size_t /*sent*/) const {
    return error ? 0 : std::numeric_limits<std::size_t>::max();
  }
};

class ByteStream {
 public:
  using executor_type = Executor;

  explicit ByteStream(Socket socket) : socket_(std::move(socket)) {
    boost::system::error_code ignored;
    socket_.non_blocking(true, ignored);
  }

  // Takes TLS's handshake as the server, of which `received` is what was read already; it is empty
  // afterwards. What is read and written from then on is inside TLS. Returns what went wrong.
  Task<boost::system::error_code> accept_tls(asio::ssl::context* tls, beast::flat_buffer* received);

  [[nodiscard]] bool is_tls() const { return tls_ != nullptr; }
  [[nodiscard]] Socket& socket() { return socket_; }
  [[nodiscard]] executor_type get_executor() { return socket_.get_executor(); }

  // What is still being read or written then ends the connection, up to a quarter of a second
  // late.
  void expires_after(std::chrono::steady_clock::duration time) {
    expires_at_ = std::chrono::steady_clock::now() + time;
  }
  void expires_never() { expires_at_ = kNever; }
  [[nodiscard]] bool has_expired(std::chrono::steady_clock::time_point now) const {
    return expires_at_ <= now;
  }

  // Ends what is under way, and the connection.
  void close();

  template <class Buffers, class Token>
  auto async_read_some(const Buffers& buffers, Token&& token) {
    return asio::async_initiate<Token, Done>(
        [this](auto handler, const auto& space) {
          if (tls_) return tls_->async_read_some(space, std::move(handler));
          socket_.async_read_some(space, std::move(handler));
        },
        token, buffers);
  }

  template <class Buffers, class Token>
  auto async_write_some(const Buffers& buffers, Token&& token) {
    return asio::async_initiate<Token, Done>(
        [this](auto handler, const auto& bytes) {
          if (tls_) return tls_->async_write_some(bytes, std::move(handler));
          socket_.async_write_some(bytes, std::move(handler));
        },
        token, buffers);
  }

  // Writes what the system takes of `bytes` at once and returns how many those are: mostly all, and
  // the loop is spared a turn. None inside TLS. What is wrong with the connection the next
  // async_write_some() says.
  template <class Buffers>
  std::size_t write_at_once(const Buffers& bytes) {
    if (tls_) return 0;
    boost::system::error_code error;
    const std::size_t count = socket_.write_some(bytes, error);
    return error ? 0 : count;
  }

  // Tells the peer that nothing more comes. Inside TLS it waits, at most `timeout`, for the peer to
  // say the same. A read may still be under way.
  Task<> finish(std::chrono::steady_clock::duration timeout);

  // After finish(): drops what still comes until the peer closes, at most for `timeout`. A peer
  // that is still sending would lose the last answer if the connection closed at once (RFC 9112
  // §9.6).
  Task<> drain(std::chrono::steady_clock::duration timeout);

 private:
  using Done = void(boost::system::error_code, std::size_t);
  static constexpr auto kNever = std::chrono::steady_clock::time_point::max();

  Socket socket_;
  std::chrono::steady_clock::time_point expires_at_ = kNever;
  std::unique_ptr<asio::ssl::stream<Socket&>> tls_;
};

}  // namespace millrace::net
