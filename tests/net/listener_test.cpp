#include "net/listener.h"

#include <atomic>
#include <chrono>
#include <cstddef>
#include <utility>
#include <vector>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/address_v4.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <doctest/doctest.h>

#include "base/metrics.h"
#include "net/async.h"

namespace millrace::net {
namespace {

constexpr std::chrono::seconds kLong{10};

}  // namespace

TEST_CASE("a connection counts from its accept on, not from when its thread comes to it") {
  asio::io_context io{1};
  Metrics metrics;
  Counter& refused = metrics.counter("refused", "");
  std::atomic<std::size_t> connections{0};
  std::vector<Socket> taken;
  Listener listener(
      io, [&]() -> asio::io_context& { return io; },
      [&](Socket socket) { taken.push_back(std::move(socket)); }, connections, 2, refused);
  const auto port = listener.listen("127.0.0.1", 0);
  REQUIRE(port);
  const Tcp::endpoint endpoint(asio::ip::address_v4::loopback(), *port);
  std::vector<Socket> peers;
  for (int i = 0; i < 5; ++i) {
    peers.emplace_back(io);
    peers.back().connect(endpoint);
  }
  const auto give_up = std::chrono::steady_clock::now() + kLong;
  while (taken.size() + refused.value() < peers.size() &&
         std::chrono::steady_clock::now() < give_up) {
    io.run_one_for(kLong);
  }

  CHECK(taken.size() == 2);
  CHECK(refused.value() == 3);
  CHECK(connections == 2);
}

}  // namespace millrace::net
