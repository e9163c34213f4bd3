// From a request to its answer: front door, own paths, protocol, operation, durability. The only
// place where an Error becomes an answer, a metric and a log line.

#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "api/context.h"
#include "api/operation.h"
#include "aws/request_ids.h"
#include "aws/sigv4.h"
#include "aws/sigv4_verify.h"
#include "base/current.h"
#include "base/error.h"
#include "base/metrics.h"
#include "net/async.h"
#include "net/budget.h"
#include "net/http.h"
#include "net/io_loop.h"
#include "net/limits.h"
#include "server/access_log.h"
#include "server/admin.h"
#include "server/defaults.h"
#include "server/front_door.h"
#include "server/protocol.h"
#include "server/rejections.h"
#include "storage/engine.h"

namespace spdlog {
class logger;  // NOLINT(readability-identifier-naming): its name.
}

namespace millrace::server {

// What the dispatcher works with; all of it outlives it.
struct Backends {
  storage::Engine& engine;
  api::Services services;
  Metrics& metrics;
  AccessLog& access_log;
  Rejections& rejections;
  spdlog::logger& log;
  asio::thread_pool& workers;
  asio::thread_pool& scrapes;  // For /metrics alone: a store that holds it up holds up nobody else.
};

// What came of a call; nothing before it has been run.
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
  struct OperationMetrics {
    Counter* answered;
    Histogram* seconds;
  };

  // Whether an answer can be given now, as it is for nearly all calls.
  [[nodiscard]] bool is_settled(const Outcome& outcome, const api::Context& context) const;
  // Runs what belongs on a worker, again what the store had no room for, and waits until what was
  // written is durable.
  net::Task<> settle(const net::HttpRequest* request, const ApiCall* call, api::Context* context,
                     net::IoLoop* loop, Outcome* outcome);
  [[nodiscard]] net::Task<Result<void>> wait_until_durable(storage::Ticket ticket,
                                                           net::IoLoop* loop);
  [[nodiscard]] api::Caller caller_of(const aws::Credential& credential) const;
  void count(std::string_view operation, const net::HttpResponse& response,
             std::chrono::nanoseconds duration);
  // The answer of a path of the server's own that may take its time.
  net::Task<std::optional<net::HttpResponse>> answer_by_worker(const net::HttpRequest* request);
  // Answers what is no request for Kinesis: a companion's, or one for a service that is not here.
  [[nodiscard]] std::optional<net::HttpResponse> answer_other_service(
      const net::HttpRequest& request, std::string_view peer, const std::string& request_id) const;
  // Says on the debug level by whom `request` is answered.
  void log_way(std::string_view peer, const net::HttpRequest& request, std::string_view way) const;

  const Backends backends_;
  const FrontDoor front_door_;
  const Admin admin_;
  const Defaults defaults_;
  const net::Limits limits_;
  const Current<const aws::SignatureCheck>& signature_check_;
  std::unordered_map<std::string_view, OperationMetrics> operation_metrics_;
};

}  // namespace millrace::server
