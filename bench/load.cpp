// Replays requests over kept connections as fast as they are answered, and says how it went as
// JSON.
//
// The requests are bytes in a file, each behind a line with its length, so that this program knows
// nothing of a protocol but HTTP/1.1 answers with a Content-Length. One thread a connection; each
// sends a request, waits for its answer, and takes the next one of the file.

#include <algorithm>
#include <array>
#include <atomic>
#include <charconv>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <exception>
#include <fstream>
#include <ios>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include <CLI/CLI.hpp>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <unistd.h>

namespace {

using SteadyClock = std::chrono::steady_clock;

struct Options {
  std::uint16_t port = 0;
  std::size_t connections = 4;
  double seconds = 2;
  std::string requests;
};

// What one connection saw.
struct Tally {
  std::uint64_t answered = 0;
  std::uint64_t refused = 0;
  std::vector<std::uint32_t> micros;  // Of each answer.
};

std::vector<std::string> read_requests(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::vector<std::string> requests;
  std::string line;
  while (std::getline(file, line)) {
    std::string request(std::stoul(line), '\0');
    if (!file.read(request.data(), static_cast<std::streamsize>(request.size()))) break;
    requests.push_back(std::move(request));
  }
  if (requests.empty()) throw std::runtime_error("no requests in " + path);
  return requests;
}

class Connection {
 public:
  explicit Connection(std::uint16_t port)
      : socket_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    if (socket_ < 0) throw std::runtime_error("no socket");
    const int on = 1;
    ::setsockopt(socket_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (::connect(socket_, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
      throw std::runtime_error("cannot connect");
    }
  }
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;
  ~Connection() { ::close(socket_); }

  // Sends a request and reads its answer; the status.
  int exchange(std::string_view request) {
    while (!request.empty()) {
      const ssize_t sent = ::send(socket_, request.data(), request.size(), MSG_NOSIGNAL);
      if (sent <= 0) throw std::runtime_error("the server closed the connection");
      request.remove_prefix(static_cast<std::size_t>(sent));
    }
    std::size_t have = 0;
    std::size_t body_at = std::string_view::npos;
    while (body_at == std::string_view::npos) {
      have += receive(have);
      body_at = std::string_view(buffer_.data(), have).find("\r\n\r\n");
    }
    body_at += 4;
    int status = 0;  // HTTP/1.1 200 …
    std::from_chars(buffer_.data() + 9, buffer_.data() + 12, status);
    const std::size_t length = content_length(std::string_view(buffer_.data(), body_at));
    std::size_t left = length - std::min(length, have - body_at);
    while (left > 0) left -= std::min(left, receive(0));
    return status;
  }

 private:
  std::size_t receive(std::size_t at) {
    const ssize_t count = ::recv(socket_, buffer_.data() + at, buffer_.size() - at, 0);
    if (count <= 0) throw std::runtime_error("the server closed the connection");
    return static_cast<std::size_t>(count);
  }

  static std::size_t content_length(std::string_view head) {
    constexpr std::string_view kName = "content-length:";
    const auto found = std::search(head.begin(), head.end(), kName.begin(), kName.end(),
                                   [](char a, char b) { return (a | 0x20) == (b | 0x20); });
    if (found == head.end()) throw std::runtime_error("an answer without Content-Length");
    std::string_view rest =
        head.substr(static_cast<std::size_t>(found - head.begin()) + kName.size());
    rest.remove_prefix(std::min(rest.find_first_not_of(' '), rest.size()));
    std::size_t length = 0;
    std::from_chars(rest.data(), rest.data() + rest.size(), length);
    return length;
  }

  int socket_;
  std::array<char, 256UL * 1024> buffer_{};
};

void drive(const Options& options, const std::vector<std::string>& requests, std::size_t first,
           SteadyClock::time_point end, Tally& tally) {
  const auto connection = std::make_unique<Connection>(options.port);
  for (std::size_t i = first; SteadyClock::now() < end; ++i) {
    const auto began = SteadyClock::now();
    const int status = connection->exchange(requests[i % requests.size()]);
    const auto micros =
        std::chrono::duration_cast<std::chrono::microseconds>(SteadyClock::now() - began);
    tally.micros.push_back(static_cast<std::uint32_t>(micros.count()));
    ++(status == 200 ? tally.answered : tally.refused);
  }
}

std::uint32_t percentile(const std::vector<std::uint32_t>& sorted, double share) {
  if (sorted.empty()) return 0;
  const auto at = static_cast<std::size_t>(share * static_cast<double>(sorted.size() - 1));
  return sorted[at];
}

int run(const Options& options) {
  const std::vector<std::string> requests = read_requests(options.requests);
  std::vector<Tally> tallies(options.connections);
  std::vector<std::thread> threads;
  std::atomic<bool> has_failed{false};
  const auto began = SteadyClock::now();
  const auto end = began + std::chrono::duration_cast<SteadyClock::duration>(
                               std::chrono::duration<double>(options.seconds));
  for (std::size_t i = 0; i < options.connections; ++i) {
    threads.emplace_back([&, i] {
      try {
        drive(options, requests, i * requests.size() / options.connections, end, tallies[i]);
      } catch (const std::exception& error) {
        std::fprintf(stderr, "load: %s\n", error.what());
        has_failed = true;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  const double seconds = std::chrono::duration<double>(SteadyClock::now() - began).count();
  Tally all;
  for (const Tally& tally : tallies) {
    all.answered += tally.answered;
    all.refused += tally.refused;
    all.micros.insert(all.micros.end(), tally.micros.begin(), tally.micros.end());
  }
  std::ranges::sort(all.micros);
  std::printf("{\"answered\":%llu,\"refused\":%llu,\"seconds\":%.4f,\"p50_us\":%u,\"p99_us\":%u}\n",
              static_cast<unsigned long long>(all.answered),
              static_cast<unsigned long long>(all.refused), seconds, percentile(all.micros, 0.5),
              percentile(all.micros, 0.99));
  return has_failed ? 1 : 0;
}

}  // namespace

int main(int argc, char** argv) {
  Options options;
  CLI::App app("Replays HTTP requests and measures the answers");
  app.add_option("--port", options.port, "Port on 127.0.0.1")->required();
  app.add_option("--connections", options.connections, "Connections, each with a thread")
      ->check(CLI::Range(1, 1024));
  app.add_option("--seconds", options.seconds, "How long")->check(CLI::Range(0.01, 3600.0));
  app.add_option("--requests", options.requests, "File: length, newline, bytes; again and again")
      ->required();
  CLI11_PARSE(app, argc, argv);
  try {
    return run(options);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "load: %s\n", error.what());
    return 1;
  }
}
