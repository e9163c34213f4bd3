#include <chrono>
#include <cstddef>
#include <exception>
#include <iostream>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include <boost/asio/buffer.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/address.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/ssl/stream_base.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/message.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/system/system_error.hpp>

#include "app/config.h"
#include "app/ready_file.h"
#include "app/server.h"
#include "app/tls.h"
#include "base/error.h"
#include "net/async.h"
#include "net/endpoint.h"
#include "net/tls_context.h"

namespace millrace::app {
namespace {

namespace http = beast::http;

using Response = http::response<http::string_body>;

constexpr std::chrono::seconds kTimeout{5};  // For all of it.
constexpr std::string_view kRequest =
    "GET /_millrace/health HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
constexpr std::size_t kAnswerBytesMax = 64UL * 1024;

// Where the server is. Errors: kBadReadyFile, with a sentence for people.
Result<net::Endpoint> find_server(const Config& config) {
  if (config.asks_ready_file) {
    auto facts = read_ready_file(config.ready_file);
    if (!facts) return std::unexpected(facts.error());
    return std::move(facts->endpoints.front());
  }
  const std::string first = config.listen.empty() ? "127.0.0.1" : config.listen.front();
  return net::Endpoint{config.tls.mode == net::TlsMode::kTlsOnly, net::reachable_address(first),
                       config.ports.front()};
}

template <class Stream>
net::Task<Response> get_health(Stream* stream) {
  const auto request = asio::buffer(kRequest);
  co_await asio::async_write(*stream, request, net::kAwait);
  beast::flat_buffer buffer;
  http::response_parser<http::string_body> parser;
  parser.body_limit(kAnswerBytesMax);
  co_await http::async_read(*stream, buffer, parser, net::kAwait);
  co_return parser.release();
}

net::Task<Response> ask(asio::io_context* io, net::Tcp::endpoint endpoint, bool is_tls) {
  net::Socket socket(io->get_executor());
  co_await socket.async_connect(endpoint, net::kAwait);
  if (!is_tls) co_return co_await get_health(&socket);
  // The answer tells nothing that has to be kept from anybody, nor is it believed in anything.
  asio::ssl::context tls(asio::ssl::context::tls_client);
  asio::ssl::stream<net::Socket&> inside(socket, tls);
  co_await inside.async_handshake(asio::ssl::stream_base::client, net::kAwait);
  co_return co_await get_health(&inside);
}

}  // namespace

int ask_health(const Config& config) {
  const auto server = find_server(config);
  if (!server) {
    std::cerr << server.error().message << "\n";
    return 1;
  }
  std::string reason = "none within " + std::to_string(kTimeout.count()) + " seconds";
  try {
    asio::io_context io;
    const net::Tcp::endpoint endpoint(asio::ip::make_address(server->address), server->port);
    std::optional<Response> response;
    std::exception_ptr failure;
    auto task = ask(&io, endpoint, server->is_tls);
    asio::co_spawn(io, std::move(task), [&](std::exception_ptr error, Response answer) {
      failure = std::move(error);
      if (!failure) response = std::move(answer);
    });
    io.run_for(kTimeout);
    if (failure) std::rethrow_exception(failure);
    if (response) {
      std::cout << response->body() << "\n";
      return response->result_int() == 200 ? 0 : 1;
    }
  } catch (const boost::system::system_error& error) {
    reason = error.code().message();  // what() also says where in Asio.
  }
  std::cerr << "no answer on port " << server->port << ": " << reason << "\n";
  return 1;
}

}  // namespace millrace::app
