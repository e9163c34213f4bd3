// Replays requests over kept connections as fast as they are answered, and says how it went as
// JSON.
//
// The requests are bytes in a file, each behind a line with its length, so that this program knows
// next to nothing of a protocol but HTTP/1.1 answers. One thread a connection; each sends a
// request, waits for its answer, and takes the next one of the file. An answer counts when its
// status is 200 and, for PutRecords, no record of it failed.

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <exception>
#include <fstream>
#include <ios>
#include <mutex>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include <CLI/CLI.hpp>

#include "bench/http_client.h"

namespace {

using millrace::bench::HttpClient;
using millrace::bench::Stuck;
using SteadyClock = std::chrono::steady_clock;

struct Options {
  std::uint16_t port = 0;
  std::size_t connections = 4;
  double seconds = 2;
  std::int64_t count = 0;  // Of requests, all connections together; 0 is no bound.
  std::string requests;
  double per_second = 0;  // Of all connections together, by a timetable; 0 is no bound.
  bool is_inside_tls = false;
  std::int64_t timeout_seconds = 30;
};

struct Request {
  std::string bytes;
  bool is_put_records = false;
};

// What one connection saw.
struct Tally {
  std::uint64_t answered = 0;
  std::uint64_t refused = 0;  // A status that is not 200, or a record that was not taken.
  std::uint64_t stuck = 0;    // No answer in time.
  std::uint64_t broken = 0;   // The connection ended before an answer.
  std::uint64_t answer_bytes = 0;
  std::vector<std::uint32_t> micros;  // Of each answer.

  void add(const Tally& other) {
    answered += other.answered;
    refused += other.refused;
    stuck += other.stuck;
    broken += other.broken;
    answer_bytes += other.answer_bytes;
    micros.insert(micros.end(), other.micros.begin(), other.micros.end());
  }
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

// Shows the first answer that was not as it should be, and no other.
void complain(const std::string& what) {
  static std::once_flag once;
  std::call_once(once, [&] { std::fprintf(stderr, "load: %s\n", what.c_str()); });
}

class Load {
 public:
  explicit Load(const Options& options)
      : options_(options), requests_(read_requests(options.requests)), left_(options.count) {}

  int run() {
    std::vector<Tally> tallies(options_.connections);
    std::vector<std::thread> threads;
    const auto began = SteadyClock::now();
    end_ = began + std::chrono::duration_cast<SteadyClock::duration>(
                       std::chrono::duration<double>(options_.seconds));
    for (std::size_t i = 0; i < options_.connections; ++i) {
      const std::size_t first = i * requests_.size() / options_.connections;
      threads.emplace_back([this, first, &tally = tallies[i]] { drive(first, tally); });
    }
    for (std::thread& thread : threads) thread.join();
    const double seconds = std::chrono::duration<double>(SteadyClock::now() - began).count();
    Tally all;
    for (const Tally& tally : tallies) all.add(tally);
    print(all, seconds);
    return 0;
  }

 private:
  bool may_go_on() {
    if (options_.count > 0 && left_.fetch_sub(1) <= 0) return false;
    return SteadyClock::now() < end_;
  }

  // What a connection does: until the end, or until it is of no use any more.
  void drive(std::size_t first, Tally& tally) {
    HttpClient client({.port = options_.port,
                       .is_inside_tls = options_.is_inside_tls,
                       .timeout = std::chrono::seconds(options_.timeout_seconds)});
    try {
      auto due = SteadyClock::now() + pace_ * static_cast<std::int64_t>(first) /
                                          static_cast<std::int64_t>(requests_.size());
      for (std::size_t i = first; may_go_on(); ++i) {
        const Request& request = requests_[i % requests_.size()];
        if (pace_.count() > 0) std::this_thread::sleep_until(due);
        // By the timetable, where there is one: a request that had to wait for its turn is late.
        const auto began = pace_.count() > 0 ? due : SteadyClock::now();
        due += pace_;
        const HttpClient::Answer answer = client.exchange(request.bytes);
        const auto micros =
            std::chrono::duration_cast<std::chrono::microseconds>(SteadyClock::now() - began);
        tally.micros.push_back(static_cast<std::uint32_t>(micros.count()));
        tally.answer_bytes += answer.size_bytes;
        const bool is_good =
            answer.status == 200 && (!request.is_put_records || has_none_failed(answer.body));
        ++(is_good ? tally.answered : tally.refused);
        if (!is_good) {
          complain(std::to_string(answer.status) + ' ' + std::string(answer.body.substr(0, 300)));
        }
      }
    } catch (const Stuck& error) {
      ++tally.stuck;
      complain(error.what());
    } catch (const std::exception& error) {
      ++tally.broken;
      complain(error.what());
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
  std::atomic<std::int64_t> left_;
  SteadyClock::time_point end_;
};

}  // namespace

int main(int argc, char** argv) {
  Options options;
  CLI::App app("Replays HTTP requests and measures the answers");
  app.add_option("--port", options.port, "Port on 127.0.0.1")->required();
  app.add_option("--connections", options.connections, "Connections, each with a thread")
      ->check(CLI::Range(1, 1024));
  app.add_option("--seconds", options.seconds, "How long")->check(CLI::Range(0.01, 36000.0));
  app.add_option("--count", options.count, "At most so many requests; 0 is no bound");
  app.add_option("--requests", options.requests, "File: length, newline, bytes; again and again")
      ->required();
  app.add_option("--per-second", options.per_second,
                 "Requests of all connections together, by a timetable; 0 is as many as can be");
  app.add_flag("--tls", options.is_inside_tls, "Inside TLS");
  app.add_option("--timeout", options.timeout_seconds, "Seconds until a request counts as stuck");
  CLI11_PARSE(app, argc, argv);
  try {
    return Load(options).run();
  } catch (const std::exception& error) {
    std::fprintf(stderr, "load: %s\n", error.what());
    return 1;
  }
}
