#include "bench/transport.h"

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <limits>
#include <optional>
#include <span>
#include <stdexcept>
#include <string_view>

#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/ssl.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <unistd.h>

namespace millrace::bench {
namespace {

constexpr std::size_t kTlsBytesMax = std::numeric_limits<int>::max();

int tls_size(std::size_t size) { return static_cast<int>(std::min(size, kTlsBytesMax)); }

}  // namespace

Transport::Transport(const Options& options)
    : socket_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)),
      context_(nullptr, SSL_CTX_free),
      tls_(nullptr, SSL_free) {
  if (socket_ < 0) throw std::runtime_error("no socket");
  const int on = 1;
  ::setsockopt(socket_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(options.port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  try {
    if (::connect(socket_, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
      throw std::runtime_error("cannot connect");
    }
    if (options.is_inside_tls) shake_hands();
    if (::fcntl(socket_, F_SETFL, O_NONBLOCK) != 0) throw std::runtime_error("the socket waits");
  } catch (...) {
    ::close(socket_);
    throw;
  }
}

Transport::~Transport() {
  tls_.reset();
  ::close(socket_);
}

void Transport::shake_hands() {
  context_.reset(SSL_CTX_new(TLS_client_method()));
  SSL_CTX_set_mode(context_.get(),
                   SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  tls_.reset(SSL_new(context_.get()));
  if (SSL_set_fd(tls_.get(), socket_) != 1 || SSL_connect(tls_.get()) != 1) {
    throw std::runtime_error("no TLS with the server");
  }
}

bool Transport::has_to_wait(int result) const {
  const int error = SSL_get_error(tls_.get(), result);
  return error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE;
}

std::size_t Transport::write(std::string_view bytes) {
  if (tls_) {
    const int sent = SSL_write(tls_.get(), bytes.data(), tls_size(bytes.size()));
    if (sent > 0) return static_cast<std::size_t>(sent);
    if (has_to_wait(sent)) return 0;
  } else {
    const ssize_t sent = ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent >= 0) return static_cast<std::size_t>(sent);
    if (errno == EAGAIN) return 0;
  }
  throw std::runtime_error("the server closed the connection");
}

std::optional<std::size_t> Transport::read(std::span<char> room) {
  if (tls_) {
    const int count = SSL_read(tls_.get(), room.data(), tls_size(room.size()));
    if (count > 0) return static_cast<std::size_t>(count);
    if (has_to_wait(count)) return 0;
    if (SSL_get_error(tls_.get(), count) == SSL_ERROR_ZERO_RETURN) return std::nullopt;
  } else {
    const ssize_t count = ::recv(socket_, room.data(), room.size(), 0);
    if (count > 0) return static_cast<std::size_t>(count);
    if (count == 0) return std::nullopt;
    if (errno == EAGAIN) return 0;
  }
  throw std::runtime_error("the connection broke");
}

}  // namespace millrace::bench
