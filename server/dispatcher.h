// From a request to its answer: front door, own paths, service, operation, durability. The only
// place where an Error becomes an answer, a metric and a log line.

#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <variant>

#include "api/context.h"
#include "api/operation.h"
#include "api/service.h"
#include "aws/protocol.h"
#include "aws/request_ids.h"
#include "aws/sigv4.h"
#include "aws/sigv4_verify.h"
#include "base/current.h"
#include "base/error.h"
#include "base/metrics.h"
#include "base/sealer.h"
#include "net/async.h"
#include "net/budget.h"
#include "net/http.h"
#include "net/io_loop.h"
#include "net/limits.h"
#include "server/access_log.h"
#include "server/admin.h"
#include "server/control/control.h"
#include "server/defaults.h"
#include "server/front_door.h"
#include "server/rejections.h"
#include "server/router.h"
#include "storage/engine.h"
#include "world/worlds.h"

namespace spdlog {
class logger;  // NOLINT(readability-identifier-naming): its name.
}

namespace millrace::server {

// What the dispatcher works with; all of it outlives it.
struct Backends {
  const world::Worlds& worlds;
  const control::Control& control;
  const Sealer& sealer;
  Metrics& metrics;
  AccessLog& access_log;
  Rejections& rejections;
  spdlog::logger& log;
  asio::thread_pool& workers;
  asio::thread_pool& scrapes;  // For /metrics alone: a store that holds it up holds up nobody else.
};

// The result of a call; empty until it has run.
using Outcome = std::optional<Result<std::string>>;

class Dispatcher {
 public:
  // Without a `signature_check` signatures only have to be there.
  Dispatcher(const Backends& backends, FrontDoor front_door, Admin admin, Defaults defaults,
             net::Limits limits, const Current<const aws::SignatureCheck>& signature_check);

  // `request`, `peer` and `ids` stay as they are until the answer is there. `loop` is the one that
  // runs this. A large answer has taken its bytes of `share`, which gives them back once they are
  // sent.
  net::Task<net::HttpResponse> answer(const net::HttpRequest* request, std::string_view peer,
                                      aws::RequestIds* ids, net::IoLoop* loop,
                                      net::Budget::Share* share);

 private:
  using SteadyClock = std::chrono::steady_clock;

  struct OperationMetrics {
    Counter* answered;
    Histogram* seconds;
  };

  // Who has answered a request.
  enum class By : std::uint8_t { kFrontDoor, kPreflight, kOwnPath, kService };

  // Which of the server's own paths a request is for that may wait.
  enum class Own : std::uint8_t { kNone, kScrape, kControl };

  // What has become of a request, for its last headers, the metrics and the access log.
  struct Handled {
    aws::Answer answer;
    By by = By::kService;
    const api::Service* service = nullptr;      // Of a call.
    const api::Operation* operation = nullptr;  // Likewise.
    std::string_view form;                      // Likewise.
    bool is_refused = false;                    // By the front door or by its signature.
    bool has_written = false;
    Own own = Own::kNone;
  };

  // Answers all but calls of operations, which it returns, and own paths that may wait.
  std::optional<aws::Call> begin(const net::HttpRequest& request, std::string_view peer,
                                 const std::string& request_id, Handled& handled) const;

  // Answers what the front door refuses, or answers itself. Returns false if the request is let in.
  bool answer_at_door(const net::HttpRequest& request, std::string_view peer,
                      Handled& handled) const;
  // Reads the call of a request, or answers it if it is none.
  std::optional<aws::Call> read_call(const net::HttpRequest& request, std::string_view peer,
                                     std::variant<Route, NoRoute> routed,
                                     const std::string& request_id, Handled& handled) const;
  // Makes the answer of a call that has come to its end.
  void finish(const aws::Call& call, api::Context& context, Outcome outcome,
              const std::string& request_id, Handled& handled) const;
  // Adds what every answer has, counts and logs it.
  void complete(const net::HttpRequest& request, std::string_view peer, aws::RequestIds& ids,
                const std::string& request_id, SteadyClock::time_point started,
                net::Budget::Share& share, Handled& handled);

  // Whether an answer can be given now, as it is for nearly all calls.
  [[nodiscard]] static bool is_settled(const Outcome& outcome, const api::Context& context);
  // Runs what belongs on a worker, again what the store had no room for, and waits until what was
  // written is durable.
  net::Task<> settle(const net::HttpRequest* request, const aws::Call* call, api::Context* context,
                     net::IoLoop* loop, Outcome* outcome);
  [[nodiscard]] static net::Task<Result<void>> wait_until_durable(storage::Engine* engine,
                                                                  storage::Ticket ticket,
                                                                  net::IoLoop* loop);
  [[nodiscard]] api::Caller caller_of(const aws::Credential& credential) const;
  void count(const Handled& handled, std::chrono::nanoseconds duration);
  // The answers of own paths that may wait.
  net::Task<net::HttpResponse> answer_own(Own own, const net::HttpRequest* request,
                                          net::IoLoop* loop);
  net::Task<net::HttpResponse> answer_scrape(const net::HttpRequest* request);
  net::Task<net::HttpResponse> answer_control(const net::HttpRequest* request, net::IoLoop* loop);
  // Says on the debug level by whom `request` is answered.
  void log_way(std::string_view peer, const net::HttpRequest& request, std::string_view way) const;

  const Backends backends_;
  const FrontDoor front_door_;
  const Admin admin_;
  const Defaults defaults_;
  const net::Limits limits_;
  const Current<const aws::SignatureCheck>& signature_check_;
  std::unordered_map<const api::Operation*, OperationMetrics> operation_metrics_;
};

}  // namespace millrace::server
