// A connection to 127.0.0.1, plain or inside TLS, that reads and writes without waiting.

#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string_view>

#include <openssl/types.h>

namespace millrace::bench {

// Not thread-safe. All throw std::runtime_error when the connection breaks.
class Transport {
 public:
  struct Options {
    std::uint16_t port = 0;
    bool is_inside_tls = false;  // The certificate is not looked at: this is the same machine.
  };

  // Waits until the connection stands, with TLS's handshake.
  explicit Transport(const Options& options);
  Transport(const Transport&) = delete;
  Transport& operator=(const Transport&) = delete;
  ~Transport();

  [[nodiscard]] int descriptor() const { return socket_; }

  // How much of it was taken at once; 0 if there is no room now.
  std::size_t write(std::string_view bytes);

  // How much was there, 0 if there is nothing now; nothing at the end of the connection.
  std::optional<std::size_t> read(std::span<char> room);

 private:
  void shake_hands();
  [[nodiscard]] bool has_to_wait(int result) const;

  int socket_;
  std::unique_ptr<SSL_CTX, void (*)(SSL_CTX*)> context_;
  std::unique_ptr<SSL, void (*)(SSL*)> tls_;
};

}  // namespace millrace::bench
