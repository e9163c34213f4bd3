// One request after the other over a connection, as bytes: HTTP/1.1 and HTTP/2.

#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <string_view>

namespace millrace::bench {

// The body is good until the next request.
struct Answer {
  int status = 0;
  std::size_t size_bytes = 0;  // Head and body, as they came; over HTTP/2 the body alone.
  std::string_view body;
  bool is_last = false;  // Nothing more comes over this connection.
};

// The client's side of one connection. Not thread-safe. All throw std::runtime_error when the
// server says what the protocol does not allow.
class Exchange {
 public:
  Exchange() = default;
  Exchange(const Exchange&) = delete;
  Exchange& operator=(const Exchange&) = delete;
  virtual ~Exchange() = default;

  // Takes the next request, as the bytes of HTTP/1.1, which stay where they are until it is
  // answered.
  virtual void begin(std::string_view request) = 0;

  // What is to be sent, good until the next call; and that so much of it was.
  virtual std::string_view outgoing() = 0;
  virtual void sent(std::size_t count) = 0;

  // Where to put what arrives; then how much of it did. Returns the answer once it is whole.
  virtual std::span<char> room() = 0;
  virtual std::optional<Answer> receive(std::size_t count) = 0;

  // The server has closed the connection: an answer may end like this.
  virtual Answer end() = 0;
};

std::unique_ptr<Exchange> http1_exchange();
std::unique_ptr<Exchange> http2_exchange();

}  // namespace millrace::bench
