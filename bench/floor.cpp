// A bare Beast server: reads whole requests and answers the same bytes each time, those of a file,
// head and all. What it costs is what the transport costs; everything above is a server's own work.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <fstream>
#include <ios>
#include <iterator>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <CLI/CLI.hpp>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/string_body.hpp>

namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
using Tcp = asio::ip::tcp;

constexpr auto kAwaitTuple = asio::as_tuple(asio::use_awaitable);
constexpr std::size_t kBufferBytes = 64UL * 1024;
constexpr std::size_t kBodyBytesMax = 16UL << 20U;

asio::awaitable<void> serve(Tcp::socket socket, const std::string* answer) {
  beast::flat_buffer buffer;
  buffer.reserve(kBufferBytes);
  for (;;) {
    http::request_parser<http::string_body> parser;
    parser.body_limit(kBodyBytesMax);
    const auto [read_error, read] = co_await http::async_read(socket, buffer, parser, kAwaitTuple);
    if (read_error) co_return;
    const auto bytes = asio::buffer(*answer);
    const auto [write_error, written] = co_await asio::async_write(socket, bytes, kAwaitTuple);
    if (write_error) co_return;
  }
}

// Accepts on one context and deals the connections out in turn.
asio::awaitable<void> accept(Tcp::acceptor* acceptor,
                             std::vector<std::unique_ptr<asio::io_context>>* contexts,
                             const std::string* answer) {
  for (std::size_t turn = 0;; ++turn) {
    asio::io_context& io = *(*contexts)[turn % contexts->size()];
    Tcp::socket socket(io.get_executor());
    const auto [error] = co_await acceptor->async_accept(socket, kAwaitTuple);
    if (error) co_return;
    socket.set_option(Tcp::no_delay(true));
    asio::co_spawn(io, serve(std::move(socket), answer), asio::detached);
  }
}

}  // namespace

int main(int argc, char** argv) {
  std::uint16_t port = 0;
  std::string answer_path;
  std::size_t threads = std::clamp(std::thread::hardware_concurrency(), 1U, 8U);
  CLI::App app("Answers every request with the same bytes");
  app.add_option("--port", port, "Port on 127.0.0.1")->required();
  app.add_option("--answer", answer_path, "File of the answer, head and body")->required();
  app.add_option("--threads", threads, "Threads, each with a context of its own");
  CLI11_PARSE(app, argc, argv);

  std::ifstream file(answer_path, std::ios::binary);
  const std::string answer{std::istreambuf_iterator<char>(file), {}};
  if (answer.empty()) {
    std::fprintf(stderr, "floor: no answer in %s\n", answer_path.c_str());
    return 1;
  }
  std::vector<std::unique_ptr<asio::io_context>> contexts;
  for (std::size_t i = 0; i < threads; ++i)
    contexts.push_back(std::make_unique<asio::io_context>(1));
  Tcp::acceptor acceptor(contexts[0]->get_executor(), {asio::ip::address_v4::loopback(), port});
  asio::co_spawn(*contexts[0], accept(&acceptor, &contexts, &answer), asio::detached);
  std::vector<std::thread> running;
  std::vector<asio::executor_work_guard<asio::io_context::executor_type>> work;
  for (const auto& io : contexts) {
    work.push_back(asio::make_work_guard(*io));
    running.emplace_back([&io = *io] { io.run(); });
  }
  for (std::thread& thread : running) thread.join();
}
