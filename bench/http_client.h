// A blocking HTTP/1.1 connection to 127.0.0.1, plain or inside TLS, for programs that make load.

#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <stdexcept>
#include <string_view>
#include <vector>

#include <openssl/types.h>

namespace millrace::bench {

// No answer came in time: the server may be stuck.
class Stuck : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

// Not thread-safe. Connects at the first exchange, and anew when an answer said that it closes.
class HttpClient {
 public:
  struct Options {
    std::uint16_t port = 0;
    bool is_inside_tls = false;  // The certificate is not looked at: this is the same machine.
    std::chrono::seconds timeout{30};
  };

  // The body is good until the next exchange.
  struct Answer {
    int status = 0;
    std::size_t size_bytes = 0;  // Head and body.
    std::string_view body;
  };

  explicit HttpClient(const Options& options);
  HttpClient(const HttpClient&) = delete;
  HttpClient& operator=(const HttpClient&) = delete;
  ~HttpClient();

  // Sends a request and reads its answer, which must have a Content-Length or end with the
  // connection. Throws Stuck, or std::runtime_error when the connection breaks.
  Answer exchange(std::string_view request);

 private:
  void connect();
  void disconnect();
  void send(std::string_view bytes);
  // Reads what comes behind `have` bytes of the buffer; 0 at the end of the connection.
  std::size_t receive(std::size_t have);

  const Options options_;
  int socket_ = -1;
  std::unique_ptr<SSL_CTX, void (*)(SSL_CTX*)> context_;
  std::unique_ptr<SSL, void (*)(SSL*)> tls_;
  std::vector<char> buffer_;
};

}  // namespace millrace::bench
