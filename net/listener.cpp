#include "net/listener.h"

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/ip/address.hpp>
#include <boost/asio/ip/v6_only.hpp>
#include <boost/asio/socket_base.hpp>
#include <boost/system/errc.hpp>

#include "base/error.h"
#include "base/metrics.h"
#include "net/async.h"

namespace millrace::net {
namespace {

// How long accepting rests when there are no descriptors left; connections that end free some.
constexpr std::chrono::milliseconds kAcceptPause{100};

}  // namespace

Listener::Listener(asio::io_context& io, std::function<asio::io_context&()> next,
                   std::function<void(Socket)> take, std::atomic<std::size_t>& connections,
                   std::size_t connections_max, Counter& refused)
    : io_(io),
      next_(std::move(next)),
      take_(std::move(take)),
      connections_(connections),
      connections_max_(connections_max),
      refused_(refused) {}

Result<std::uint16_t> Listener::listen(const std::string& address, std::uint16_t port) {
  boost::system::error_code error;
  const auto parsed = asio::ip::make_address(address == "localhost" ? "127.0.0.1" : address, error);
  if (error) return fail(kCannotListen, "cannot listen on " + address + ": not an IP address");
  const auto refuse = [&] {
    const bool is_missing = error == asio::error::address_family_not_supported ||
                            (error == boost::system::errc::address_not_available &&
                             (parsed.is_loopback() || parsed.is_unspecified()));
    return fail(
        is_missing ? kNoAddressFamily : kCannotListen,
        "cannot listen on " + address + " port " + std::to_string(port) + ": " + error.message());
  };
  auto acceptor = std::make_unique<Acceptor>(io_.get_executor());
  const Tcp::endpoint endpoint(parsed, port);
  acceptor->open(endpoint.protocol(), error);
  if (error) return refuse();
  acceptor->set_option(asio::socket_base::reuse_address(true), error);
  if (parsed.is_v6()) acceptor->set_option(asio::ip::v6_only(true), error);
  acceptor->bind(endpoint, error);
  if (error) return refuse();
  acceptor->listen(asio::socket_base::max_listen_connections, error);
  if (error) return refuse();
  const std::uint16_t taken = acceptor->local_endpoint().port();
  asio::co_spawn(io_, accept(acceptor.get()), asio::detached);
  acceptors_.push_back(std::move(acceptor));
  return taken;
}

void Listener::stop() {
  boost::system::error_code ignored;
  for (const auto& acceptor : acceptors_) acceptor->close(ignored);
}

Task<> Listener::accept(Acceptor* acceptor) {
  while (acceptor->is_open()) {
    Socket socket(next_().get_executor());
    const auto [error] = co_await acceptor->async_accept(socket, kAwaitTuple);
    if (error == asio::error::operation_aborted) co_return;
    if (error) {
      Timer pause(io_.get_executor(), kAcceptPause);
      co_await pause.async_wait(kAwaitTuple);
      continue;
    }
    if (connections_.load() >= connections_max_) {
      refused_.add();
      continue;  // The socket closes with this turn.
    }
    ++connections_;
    take_(std::move(socket));
  }
}

}  // namespace millrace::net
