#include "bench/http_client.h"

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstddef>
#include <optional>
#include <stdexcept>
#include <string_view>

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/ssl.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <unistd.h>

namespace millrace::bench {
namespace {

constexpr std::size_t kBufferBytes = 256UL * 1024;

// The value of a header field, without the blanks before it.
std::optional<std::string_view> field_of(std::string_view head, std::string_view name) {
  const auto found =
      std::search(head.begin(), head.end(), name.begin(), name.end(),
                  [](char a, char b) { return a == b || (a >= 'A' && (a | 0x20) == b); });
  if (found == head.end()) return std::nullopt;
  std::string_view rest = head.substr(static_cast<std::size_t>(found - head.begin()) + name.size());
  rest.remove_prefix(std::min(rest.find_first_not_of(' '), rest.size()));
  return rest.substr(0, rest.find('\r'));
}

std::size_t number_of(std::string_view text) {
  std::size_t number = 0;
  std::from_chars(text.data(), text.data() + text.size(), number);
  return number;
}

}  // namespace

HttpClient::HttpClient(const Options& options)
    : options_(options), context_(nullptr, SSL_CTX_free), tls_(nullptr, SSL_free) {
  buffer_.resize(kBufferBytes);
  if (options_.is_inside_tls) context_.reset(SSL_CTX_new(TLS_client_method()));
}

HttpClient::~HttpClient() { disconnect(); }

void HttpClient::connect() {
  socket_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (socket_ < 0) throw std::runtime_error("no socket");
  const int on = 1;
  ::setsockopt(socket_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  const timeval timeout{.tv_sec = options_.timeout.count(), .tv_usec = 0};
  ::setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof timeout);
  ::setsockopt(socket_, SOL_SOCKET, SO_SNDTIMEO, &timeout, sizeof timeout);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(options_.port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (::connect(socket_, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    throw std::runtime_error("cannot connect");
  }
  if (!context_) return;
  tls_.reset(SSL_new(context_.get()));
  if (SSL_set_fd(tls_.get(), socket_) != 1 || SSL_connect(tls_.get()) != 1) {
    throw std::runtime_error("no TLS with the server");
  }
}

void HttpClient::disconnect() {
  tls_.reset();
  if (socket_ >= 0) ::close(socket_);
  socket_ = -1;
}

void HttpClient::send(std::string_view bytes) {
  while (!bytes.empty()) {
    errno = 0;
    const ssize_t sent = tls_ ? SSL_write(tls_.get(), bytes.data(), static_cast<int>(bytes.size()))
                              : ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent < 0 && errno == EAGAIN) throw Stuck("the server does not take a request");
    if (sent <= 0) throw std::runtime_error("the server closed the connection");
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
}

std::size_t HttpClient::receive(std::size_t have) {
  if (have == buffer_.size()) buffer_.resize(2 * buffer_.size());
  char* const into = buffer_.data() + have;
  const std::size_t room = buffer_.size() - have;
  errno = 0;
  const ssize_t count =
      tls_ ? SSL_read(tls_.get(), into, static_cast<int>(room)) : ::recv(socket_, into, room, 0);
  if (count < 0 && errno == EAGAIN) throw Stuck("no answer in time");
  if (count < 0) throw std::runtime_error("the connection broke");
  return static_cast<std::size_t>(count);
}

HttpClient::Answer HttpClient::exchange(std::string_view request) {
  if (socket_ < 0) connect();
  send(request);
  std::size_t have = 0;
  std::size_t body_at = std::string_view::npos;
  while (body_at == std::string_view::npos) {
    const std::size_t count = receive(have);
    if (count == 0) throw std::runtime_error("the server closed the connection");
    have += count;
    body_at = std::string_view(buffer_.data(), have).find("\r\n\r\n");
  }
  body_at += 4;
  const std::string_view head(buffer_.data(), body_at);
  const int status = static_cast<int>(number_of(head.substr(9, 3)));  // HTTP/1.1 200 …
  const auto length = field_of(head, "\r\ncontent-length:");
  const auto connection = field_of(head, "\r\nconnection:");
  const bool closes = connection && (*connection == "close" || *connection == "Close");
  if (!length && !closes) throw std::runtime_error("an answer without Content-Length");
  const std::size_t size = length ? body_at + number_of(*length) : std::string_view::npos;
  if (length && size > buffer_.size()) buffer_.resize(size);
  while (have < size) {
    const std::size_t count = receive(have);
    if (count == 0 && length) throw std::runtime_error("the server closed the connection");
    if (count == 0) break;
    have += count;
  }
  if (closes) disconnect();
  return {.status = status,
          .size_bytes = have,
          .body = std::string_view(buffer_.data(), have).substr(body_at)};
}

}  // namespace millrace::bench
