// Replays requests over kept connections as fast as they are answered, and says how it went as
// JSON.
//
// The requests are bytes in a file, each behind a line with its length, so that this program knows
// next to nothing of what it asks. One thread has all connections; on each it sends a request,
// takes its answer, and sends the next one of the file. An answer counts when its status is 200
// and, for PutRecords, no record of it failed.

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <ctime>
#include <exception>
#include <fstream>
#include <functional>
#include <ios>
#include <memory>
#include <optional>
#include <queue>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <CLI/CLI.hpp>
#include <sys/epoll.h>
#include <unistd.h>

#include "bench/exchange.h"
#include "bench/transport.h"

namespace {

using millrace::bench::Answer;
using millrace::bench::Exchange;
using millrace::bench::Transport;
using SteadyClock = std::chrono::steady_clock;

constexpr std::size_t kEventsAtOnce = 64;
// Between two looks for connections that are stuck.
constexpr std::chrono::milliseconds kLookEvery{500};

struct Options {
  std::uint16_t port = 0;
  std::size_t connections = 4;
  double seconds = 2;
  std::int64_t count = 0;  // Of requests, all connections together; 0 is no bound.
  std::string requests;
  double per_second = 0;  // Of all connections together, by a timetable; 0 is no bound.
  bool is_inside_tls = false;
  bool is_http2 = false;
  std::int64_t timeout_seconds = 30;
};

struct Request {
  std::string bytes;
  bool is_put_records = false;
};

struct Tally {
  std::uint64_t answered = 0;
  std::uint64_t refused = 0;  // A status that is not 200, or a record that was not taken.
  std::uint64_t stuck = 0;    // No answer in time.
  std::uint64_t broken = 0;   // The connection ended before an answer.
  std::uint64_t answer_bytes = 0;
  std::vector<std::uint32_t> micros;  // Of each answer.
};

std::vector<Request> read_requests(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::vector<Request> requests;
  std::string line;
  while (std::getline(file, line)) {
    std::string bytes(std::stoul(line), '\0');
    if (!file.read(bytes.data(), static_cast<std::streamsize>(bytes.size()))) break;
    const bool is_put_records =
        std::string_view(bytes).substr(0, 512).find(".PutRecords\r\n") != std::string::npos;
    requests.push_back({.bytes = std::move(bytes), .is_put_records = is_put_records});
  }
  if (requests.empty()) throw std::runtime_error("no requests in " + path);
  return requests;
}

// Whether a PutRecords answer says that no record failed: in JSON `"FailedRecordCount":0`, with or
// without a blank, in CBOR the name and then the number 0, which is one byte of zero.
bool has_none_failed(std::string_view body) {
  constexpr std::string_view kName = "FailedRecordCount";
  const std::size_t found = body.find(kName);
  if (found == std::string_view::npos) return false;
  std::string_view rest = body.substr(found + kName.size());
  if (rest.starts_with('\0')) return true;
  rest.remove_prefix(std::min(rest.find_first_not_of("\": "), rest.size()));
  return rest.starts_with('0');
}

timespec to_timespec(std::chrono::nanoseconds time) {
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(time);
  return {.tv_sec = seconds.count(), .tv_nsec = (time - seconds).count()};
}

// One connection: a request under way, or the time at which the next one is due.
struct Connection {
  std::unique_ptr<Transport> transport;  // None before the first request and behind the last one.
  std::unique_ptr<Exchange> exchange;
  std::uint32_t watched = 0;         // What epoll looks for.
  std::size_t next = 0;              // Of the requests.
  const Request* request = nullptr;  // Under way.
  SteadyClock::time_point due;
  SteadyClock::time_point began;  // By the timetable, where there is one.
  SteadyClock::time_point sent;
};

class Load {
 public:
  explicit Load(const Options& options)
      : options_(options),
        requests_(read_requests(options.requests)),
        left_(options.count),
        poll_(::epoll_create1(EPOLL_CLOEXEC)),
        connections_(options.connections) {
    if (poll_ < 0) throw std::runtime_error("no epoll");
  }
  Load(const Load&) = delete;
  Load& operator=(const Load&) = delete;
  ~Load() { ::close(poll_); }

  int run() {
    const auto began = SteadyClock::now();
    end_ = began + std::chrono::duration_cast<SteadyClock::duration>(
                       std::chrono::duration<double>(options_.seconds));
    for (std::size_t i = 0; i < connections_.size(); ++i) {
      Connection& connection = connections_[i];
      connection.next = i * requests_.size() / connections_.size();
      connection.due = began + pace_ * static_cast<std::int64_t>(i) /
                                   static_cast<std::int64_t>(connections_.size());
      guarded(connection, [&] { plan(connection); });
    }
    while (under_way_ > 0 || !waiting_.empty()) {
      serve_ready();
      begin_due();
      drop_stuck();
    }
    print(tally_, std::chrono::duration<double>(SteadyClock::now() - began).count());
    return 0;
  }

 private:
  using Due = std::pair<SteadyClock::time_point, Connection*>;

  bool may_go_on() {
    if (options_.count > 0 && left_-- <= 0) return false;
    return SteadyClock::now() < end_;
  }

  // What goes wrong with a connection ends it, and nothing else.
  template <class Work>
  void guarded(Connection& connection, Work work) {
    try {
      work();
    } catch (const std::exception& error) {
      ++tally_.broken;
      drop(connection, error.what());
    }
  }

  void drop(Connection& connection, const std::string& what) {
    complain(what);
    if (std::exchange(connection.request, nullptr) != nullptr) --under_way_;
    connection.transport.reset();
  }

  // Shows the first answer that was not as it should be, and no other.
  void complain(const std::string& what) {
    if (!std::exchange(has_complained_, true)) std::fprintf(stderr, "load: %s\n", what.c_str());
  }

  // The next request of a connection: now, or when it is due.
  void plan(Connection& connection) {
    if (pace_.count() > 0) return waiting_.emplace(connection.due, &connection);
    if (may_go_on()) begin(connection);
  }

  void begin(Connection& connection) {
    if (!connection.transport) connect(connection);
    const Request& request = requests_[connection.next++ % requests_.size()];
    connection.sent = SteadyClock::now();
    // A request that had to wait for its turn is late.
    connection.began = pace_.count() > 0 ? connection.due : connection.sent;
    connection.due += pace_;
    connection.request = &request;
    ++under_way_;
    connection.exchange->begin(request.bytes);
    send(connection);
  }

  void connect(Connection& connection) {
    connection.transport = std::make_unique<Transport>(
        Transport::Options{.port = options_.port, .is_inside_tls = options_.is_inside_tls});
    connection.exchange =
        options_.is_http2 ? millrace::bench::http2_exchange() : millrace::bench::http1_exchange();
    connection.watched = 0;
  }

  void send(Connection& connection) {
    std::uint32_t wanted = EPOLLIN;
    for (;;) {
      const std::string_view bytes = connection.exchange->outgoing();
      if (bytes.empty()) break;
      const std::size_t count = connection.transport->write(bytes);
      connection.exchange->sent(count);
      if (count > 0) continue;
      wanted |= EPOLLOUT;
      break;
    }
    watch(connection, wanted);
  }

  void watch(Connection& connection, std::uint32_t events) {
    if (connection.watched == events) return;
    epoll_event event{};
    event.events = events;
    event.data.ptr = &connection;
    const int change = connection.watched == 0 ? EPOLL_CTL_ADD : EPOLL_CTL_MOD;
    if (::epoll_ctl(poll_, change, connection.transport->descriptor(), &event) != 0) {
      throw std::runtime_error("epoll does not take a socket");
    }
    connection.watched = events;
  }

  void serve_ready() {
    std::array<epoll_event, kEventsAtOnce> events{};
    auto until = look_at_;
    if (!waiting_.empty()) until = std::min({until, waiting_.top().first, end_});
    const timespec time = to_timespec(std::max(until - SteadyClock::now(), {}));
    const int count = ::epoll_pwait2(poll_, events.data(), kEventsAtOnce, &time, nullptr);
    if (count < 0 && errno != EINTR) throw std::runtime_error("epoll waits for nothing");
    for (int i = 0; i < count; ++i) {
      auto& connection = *static_cast<Connection*>(events[static_cast<std::size_t>(i)].data.ptr);
      guarded(connection, [&] { serve(connection); });
    }
  }

  void serve(Connection& connection) {
    std::optional<Answer> answer;
    while (!answer) {
      const auto count = connection.transport->read(connection.exchange->room());
      if (count && *count == 0) break;
      answer = count ? connection.exchange->receive(*count) : connection.exchange->end();
    }
    if (answer) note(connection, *answer);
    if (connection.transport) send(connection);
    if (answer) plan(connection);
  }

  void note(Connection& connection, const Answer& answer) {
    if (connection.request == nullptr) throw std::runtime_error("an answer that nobody asked for");
    const bool is_put_records = std::exchange(connection.request, nullptr)->is_put_records;
    --under_way_;
    const auto micros = std::chrono::duration_cast<std::chrono::microseconds>(SteadyClock::now() -
                                                                              connection.began);
    tally_.micros.push_back(static_cast<std::uint32_t>(micros.count()));
    tally_.answer_bytes += answer.size_bytes;
    const bool is_good = answer.status == 200 && (!is_put_records || has_none_failed(answer.body));
    ++(is_good ? tally_.answered : tally_.refused);
    if (!is_good) {
      complain(std::to_string(answer.status) + ' ' + std::string(answer.body.substr(0, 300)));
    }
    if (answer.is_last) connection.transport.reset();
  }

  void begin_due() {
    const auto now = SteadyClock::now();
    while (!waiting_.empty() && (waiting_.top().first <= now || now >= end_)) {
      Connection& connection = *waiting_.top().second;
      waiting_.pop();
      guarded(connection, [&] {
        if (may_go_on()) begin(connection);
      });
    }
  }

  void drop_stuck() {
    const auto now = SteadyClock::now();
    if (now < look_at_) return;
    look_at_ = now + kLookEvery;
    const auto timeout = std::chrono::seconds(options_.timeout_seconds);
    for (Connection& connection : connections_) {
      if (connection.request == nullptr || now - connection.sent < timeout) continue;
      ++tally_.stuck;
      drop(connection, "no answer in time");
    }
  }

  static void print(Tally& all, double seconds) {
    std::ranges::sort(all.micros);
    const auto percentile = [&](double share) -> unsigned {
      if (all.micros.empty()) return 0;
      return all
          .micros[static_cast<std::size_t>(share * static_cast<double>(all.micros.size() - 1))];
    };
    const auto number = [](std::uint64_t value) { return static_cast<unsigned long long>(value); };
    std::printf(
        "{\"answered\":%llu,\"refused\":%llu,\"stuck\":%llu,\"broken\":%llu,"
        "\"answer_bytes\":%llu,\"seconds\":%.4f,"
        "\"p50_us\":%u,\"p99_us\":%u,\"p999_us\":%u,\"max_us\":%u}\n",
        number(all.answered), number(all.refused), number(all.stuck), number(all.broken),
        number(all.answer_bytes), seconds, percentile(0.5), percentile(0.99), percentile(0.999),
        percentile(1));
  }

  const Options& options_;
  const std::vector<Request> requests_;
  // Between two requests of a connection.
  const std::chrono::nanoseconds pace_{
      options_.per_second > 0
          ? static_cast<std::int64_t>(1e9 * static_cast<double>(options_.connections) /
                                      options_.per_second)
          : 0};
  std::int64_t left_;
  SteadyClock::time_point end_;
  SteadyClock::time_point look_at_ = SteadyClock::now() + kLookEvery;
  const int poll_;
  std::vector<Connection> connections_;
  std::size_t under_way_ = 0;  // Requests.
  std::priority_queue<Due, std::vector<Due>, std::greater<>> waiting_;
  Tally tally_;
  bool has_complained_ = false;
};

}  // namespace

int main(int argc, char** argv) {
  Options options;
  CLI::App app("Replays HTTP requests and measures the answers");
  app.add_option("--port", options.port, "Port on 127.0.0.1")->required();
  app.add_option("--connections", options.connections,
                 "Connections, each with one request at a time")
      ->check(CLI::Range(1, 1024));
  app.add_option("--seconds", options.seconds, "How long")->check(CLI::Range(0.01, 36000.0));
  app.add_option("--count", options.count, "At most so many requests; 0 is no bound");
  app.add_option("--requests", options.requests, "File: length, newline, bytes; again and again")
      ->required();
  app.add_option("--per-second", options.per_second,
                 "Requests of all connections together, by a timetable; 0 is as many as can be");
  app.add_flag("--tls", options.is_inside_tls, "Inside TLS");
  app.add_flag("--http2", options.is_http2, "Over HTTP/2, without asking for it");
  app.add_option("--timeout", options.timeout_seconds, "Seconds until a request counts as stuck");
  CLI11_PARSE(app, argc, argv);
  try {
    return Load(options).run();
  } catch (const std::exception& error) {
    std::fprintf(stderr, "load: %s\n", error.what());
    return 1;
  }
}
