#include <chrono>
#include <exception>
#include <iostream>
#include <string>

#include <boost/asio/connect.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/address.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/ssl/stream_base.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/beast/http/write.hpp>

#include "server/config.h"
#include "server/server.h"
#include "server/tls.h"

namespace millrace::server {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;

constexpr std::chrono::seconds kTimeout{5};

// An address that listens on every interface is reached on loopback.
std::string reachable_address(const Config& config) {
  if (config.listen.empty()) return "127.0.0.1";
  const std::string& first = config.listen.front();
  if (first == "0.0.0.0" || first == "localhost") return "127.0.0.1";
  return first == "::" ? "::1" : first;
}

template <class Stream>
http::response<http::string_body> get_health(Stream& stream) {
  http::request<http::empty_body> request(http::verb::get, "/_millrace/health", 11);
  request.set(http::field::host, "localhost");
  http::write(stream, request);
  beast::flat_buffer buffer;
  http::response<http::string_body> response;
  http::read(stream, buffer, response);
  return response;
}

}  // namespace

int ask_health(const Config& config) {
  try {
    asio::io_context io;
    beast::tcp_stream stream(io);
    stream.expires_after(kTimeout);
    const auto address = asio::ip::make_address(reachable_address(config));
    stream.connect(asio::ip::tcp::endpoint(address, config.port));
    http::response<http::string_body> response;
    if (config.tls.mode == TlsMode::kTlsOnly) {
      // The answer tells nothing that has to be kept from anybody, nor is it believed in anything.
      asio::ssl::context tls(asio::ssl::context::tls_client);
      asio::ssl::stream<beast::tcp_stream&> inside(stream, tls);
      inside.handshake(asio::ssl::stream_base::client);
      response = get_health(inside);
    } else {
      response = get_health(stream);
    }
    std::cout << response.body() << "\n";
    return response.result_int() == 200 ? 0 : 1;
  } catch (const std::exception& error) {
    std::cerr << "no answer on port " << config.port << ": " << error.what() << "\n";
    return 1;
  }
}

}  // namespace millrace::server
