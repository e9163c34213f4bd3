// Accepts connections and deals them out to the I/O threads in turn.

#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/metrics.h"
#include "net/async.h"

namespace millrace::net {

inline constexpr ErrorCode kCannotListen{"cannot_listen"};
inline constexpr ErrorCode kNoAddressFamily{"no_address_family"};

class Listener {
 public:
  // Sockets belong to the context `next` names, and are handed to `take` in the acceptor's thread.
  // `connections` is how many there are: each counts before `take` is called, which sees to it that
  // it no longer does once it has ended. Beyond `connections_max` new ones are closed at once.
  Listener(asio::io_context& io, std::function<asio::io_context&()> next,
           std::function<void(Socket)> take, std::atomic<std::size_t>& connections,
           std::size_t connections_max, Counter& refused);

  // Listens on `address`, an IP address or "localhost". Port 0 takes a free one; the port taken
  // comes back. Errors: kNoAddressFamily where this machine has no addresses of that kind (IPv6,
  // above all), else kCannotListen; both with a sentence for people.
  [[nodiscard]] Result<std::uint16_t> listen(const std::string& address, std::uint16_t port);

  void stop();

 private:
  using Acceptor = asio::basic_socket_acceptor<Tcp, Executor>;

  Task<> accept(Acceptor* acceptor);

  asio::io_context& io_;
  const std::function<asio::io_context&()> next_;
  const std::function<void(Socket)> take_;
  std::atomic<std::size_t>& connections_;
  const std::size_t connections_max_;
  Counter& refused_;
  std::vector<std::unique_ptr<Acceptor>> acceptors_;
};

}  // namespace millrace::net
