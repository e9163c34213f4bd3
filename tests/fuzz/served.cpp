#include "tests/fuzz/served.h"

#include <array>
#include <cerrno>
#include <chrono>
#include <cstddef>
#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/thread_pool.hpp>
#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "app/logger.h"
#include "base/error.h"
#include "base/random.h"
#include "net/async.h"
#include "net/connection.h"
#include "net/http.h"
#include "net/io_loop.h"
#include "net/limits.h"
#include "net/session_context.h"
#include "server/access_log.h"
#include "server/admin.h"
#include "server/dispatcher.h"
#include "server/front_door.h"
#include "server/log_line.h"
#include "server/log_writer.h"
#include "server/request_handler.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/world.h"

namespace millrace::fuzz {
namespace {

using SteadyClock = std::chrono::steady_clock;

// Nothing of a unit takes so long; what does hangs.
constexpr std::chrono::seconds kEndsWithin{10};

server::AccessLog& no_access_log() {
  static server::LogWriter writer(::open("/dev/null", O_WRONLY | O_CLOEXEC));
  static server::AccessLog log(writer, server::LogFormat::kText, {server::AccessLogMode::kOff, {}});
  return log;
}

spdlog::logger& no_log() {
  static server::LogWriter writer(::open("/dev/null", O_WRONLY | O_CLOEXEC));
  static const auto log = app::make_logger(writer, server::LogFormat::kText, "off");
  return *log;
}

asio::thread_pool& workers() {
  static asio::thread_pool pool(1);
  return pool;
}

net::Task<> ask(net::Handler* handler, const net::HttpRequest* request, net::Budget* answers,
                std::optional<net::HttpResponse>* response) {
  net::Budget::Connection connection;
  net::Budget::Share share(*answers, connection, [] {});
  *response = co_await handler->answer(request, "", &share);
}

// The client's end of a connection; neither blocks.
class Client {
 public:
  explicit Client(int descriptor) : descriptor_(descriptor) {}
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;
  ~Client() { ::close(descriptor_); }

  // Returns how much was taken; all of it where nobody reads any more.
  [[nodiscard]] std::size_t send(std::string_view bytes) const {
    const ssize_t count = ::send(descriptor_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (count >= 0) return static_cast<std::size_t>(count);
    return errno == EAGAIN ? 0 : bytes.size();
  }

  void end() const { ::shutdown(descriptor_, SHUT_WR); }

  // Returns whether there was something.
  [[nodiscard]] bool receive(std::string& out) const {
    std::array<char, 16384> space{};
    const ssize_t count = ::recv(descriptor_, space.data(), space.size(), 0);
    if (count > 0) out.append(space.data(), static_cast<std::size_t>(count));
    return count > 0;
  }

 private:
  const int descriptor_;
};

}  // namespace

net::Limits small_limits() {
  net::Limits limits;
  limits.header_bytes_max = 1024;
  limits.header_count_max = 16;
  limits.body_bytes_max = 512;
  limits.inflight_bytes_max = 2048;
  limits.header_timeout = std::chrono::hours(1);
  limits.idle_timeout = std::chrono::hours(1);
  limits.read_timeout = std::chrono::hours(1);
  return limits;
}

Served::Served(const net::Limits& limits)
    : limits_(limits),
      rejections_(metrics_, no_access_log()),
      tls_{net::TlsMode::kPlainOnly, {}, metrics_.counter("failures", "")},
      control_(world_.worlds(), {}, true, no_check_, no_log()) {
  const server::Backends backends{world_.worlds(), control_,        world_.sealer(),
                                  metrics_,        no_access_log(), rejections_,
                                  no_log(),        workers(),       workers()};
  server::Defaults defaults;
  defaults.account = kAccount;
  defaults.region = kRegion;
  dispatcher_ = std::make_unique<server::Dispatcher>(
      backends, server::FrontDoor({"allowed.example"}, {"https://allowed.example"}),
      server::Admin(
          metrics_, [] { return Result<void>{}; }, "a certificate"),
      defaults, limits_, no_check_);
}

void Served::begin_connection() {
  id_seed_ = std::make_unique<SeededRandom>(1);
  handler_ = std::make_unique<server::RequestHandler>(*dispatcher_, rejections_, loop_, *id_seed_);
}

// Runs what is ready and takes steps until it is done; waits only when neither is there.
void Served::run_until(const std::function<bool()>& is_done, const std::function<bool()>& step) {
  const auto give_up = SteadyClock::now() + kEndsWithin;
  while (!is_done()) {
    loop_.io().restart();
    bool has_moved = loop_.io().poll() > 0;
    has_moved = step() || has_moved;
    if (has_moved || is_done()) continue;
    require(SteadyClock::now() < give_up);
    loop_.io().restart();
    loop_.io().run_one_for(std::chrono::milliseconds(10));
  }
  // What was cancelled, so that nothing of it is left for the next.
  loop_.io().restart();
  loop_.io().poll();
}

std::string Served::talk(const std::vector<std::string_view>& pieces) {
  begin_connection();
  std::array<int, 2> ends{};
  require(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends.data()) == 0);
  const Client client(ends[1]);
  // For the server it is TCP whose addresses mean nothing.
  net::Socket socket(loop_.io().get_executor());
  socket.assign(net::Tcp::v4(), ends[0]);
  net::SessionContext context{*handler_, limits_, bodies_, answers_, loop_, sessions_, tls_};
  bool has_ended = false;
  asio::co_spawn(loop_.io(), net::serve_connection(std::move(socket), &context),
                 [&](const std::exception_ptr& failure) {
                   require(failure == nullptr);
                   has_ended = true;
                 });
  std::string received;
  std::size_t next = 0;
  std::size_t sent = 0;  // Of the next piece.
  bool is_ended = false;
  const auto step = [&] {
    bool has_moved = client.receive(received);
    if (next < pieces.size()) {
      const std::size_t count = client.send(pieces[next].substr(sent));
      sent += count;
      has_moved = has_moved || count > 0;
      if (sent == pieces[next].size()) {
        ++next;
        sent = 0;
      }
    } else if (!is_ended) {
      client.end();
      is_ended = has_moved = true;
    }
    return has_moved;
  };
  run_until([&] { return has_ended; }, step);
  while (client.receive(received)) {
  }
  require(bodies_.taken() == 0);
  require(answers_.taken() == 0);
  return received;
}

net::HttpResponse Served::answer(const net::HttpRequest& request) {
  require(handler_ != nullptr);
  std::optional<net::HttpResponse> response;
  asio::co_spawn(loop_.io(), ask(handler_.get(), &request, &answers_, &response),
                 [](const std::exception_ptr& failure) { require(failure == nullptr); });
  run_until([&] { return response.has_value(); }, [] { return false; });
  return std::move(*response);
}

}  // namespace millrace::fuzz
