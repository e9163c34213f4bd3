#include "server/dispatcher.h"

#include <algorithm>
#include <cctype>
#include <chrono>
#include <cstddef>
#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

#include <spdlog/logger.h>

#include "api/context.h"
#include "api/kinesis/operations.h"
#include "api/operation.h"
#include "api/value.h"
#include "aws/event_body.h"
#include "aws/event_stream.h"
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
#include "server/companions.h"
#include "server/defaults.h"
#include "server/foreign_services.h"
#include "server/front_door.h"
#include "server/log_line.h"
#include "server/protocol.h"
#include "storage/engine.h"
#include "storage/errors.h"
#include "streams/errors.h"

namespace millrace::server {
namespace {

using SteadyClock = std::chrono::steady_clock;

constexpr std::chrono::milliseconds kBusyPause{10};
constexpr std::string_view kRequestIdHeader = "x-amzn-RequestId";
constexpr std::string_view kExtendedIdHeader = "x-amz-id-2";
constexpr std::size_t kAccountDigits = 12;
// An answer up to this is not counted.
constexpr std::size_t kFreeAnswerBytes = 1024;

bool is_account(std::string_view text) {
  return text.size() == kAccountDigits &&
         std::ranges::all_of(text, [](unsigned char c) { return std::isdigit(c) != 0; });
}

std::string operation_label(std::string_view operation) {
  return "operation=\"" + std::string(operation) + "\"";
}

// The service's name of the error in an answer; empty if it is none.
std::string_view error_of(const net::HttpResponse& response) {
  for (const net::AnswerHeader& header : response.headers) {
    if (header.name == "x-amzn-ErrorType") return header.value;
  }
  return {};
}

// A library may throw (out of memory, above all); a request ends there, the server does not.
Result<std::string> run_guarded(const ApiCall& call, std::string_view body, api::Context& context) {
  try {
    return api::run(*call.operation, body, call.form, context);
  } catch (const std::exception&) {
    return fail(streams::kInternalFailure, "");
  }
}

// Nothing was stored where the store is busy: the same request may be run again.
bool is_busy(const Outcome& outcome) {
  return !*outcome && outcome->error().code == storage::kBusy;
}

// Nothing if it belongs on a worker.
Outcome run_at_once(const ApiCall& call, std::string_view body, api::Context& context,
                    net::IoLoop& loop) {
  if (call.operation->lane == api::Lane::kWorker) return std::nullopt;
  context.when = storage::When::kWithOthers;
  return loop.may_wait([&] { return run_guarded(call, body, context); });
}

}  // namespace

Dispatcher::Dispatcher(const Backends& backends, FrontDoor front_door, Admin admin,
                       Defaults defaults, net::Limits limits,
                       const Current<const aws::SignatureCheck>& signature_check)
    : backends_(backends),
      front_door_(std::move(front_door)),
      admin_(std::move(admin)),
      defaults_(std::move(defaults)),
      limits_(limits),
      signature_check_(signature_check) {
  for (const api::Operation* operation : kinesis::operations()) {
    const std::string label = operation_label(operation->name);
    operation_metrics_[operation->name] = {
        &backends_.metrics.counter("millrace_requests_total", "Requests answered, by operation.",
                                   label),
        &backends_.metrics.histogram("millrace_request_seconds",
                                     "Time from a request's last byte to its answer.", label)};
  }
}

api::Caller Dispatcher::caller_of(const aws::Credential& credential) const {
  return {is_account(credential.access_key_id) ? credential.access_key_id : defaults_.account,
          credential.region.empty() ? defaults_.region : credential.region};
}

bool Dispatcher::is_settled(const Outcome& outcome, const api::Context& context) const {
  return outcome && !is_busy(outcome) && (!*outcome || backends_.engine.is_durable(context.ticket));
}

net::Task<> Dispatcher::settle(const net::HttpRequest* request, const ApiCall* call,
                               api::Context* context, net::IoLoop* loop, Outcome* outcome) {
  const auto deadline = SteadyClock::now() + limits_.busy_timeout;
  for (;;) {
    if (!*outcome) *outcome = run_at_once(*call, request->body, *context, *loop);
    if (!*outcome) {
      std::function<Result<std::string>()> work = [request, call, context] {
        return run_guarded(*call, request->body, *context);
      };
      *outcome = co_await net::run_on<Result<std::string>>(backends_.workers, std::move(work));
    }
    if (**outcome && !backends_.engine.is_durable(context->ticket)) {
      const Result<void> durable = co_await wait_until_durable(context->ticket, loop);
      if (!durable) *outcome = std::unexpected(durable.error());
    }
    if (!is_busy(*outcome) || SteadyClock::now() >= deadline) co_return;
    outcome->reset();
    context->ticket = 0;
    net::Timer timer(co_await asio::this_coro::executor, kBusyPause);
    co_await timer.async_wait(net::kAwaitTuple);
  }
}

net::Task<Result<void>> Dispatcher::wait_until_durable(storage::Ticket ticket, net::IoLoop* loop) {
  storage::Engine& engine = backends_.engine;
  // It may be waiting to be written with what the other requests write that are ready now.
  loop->after_these([&engine, loop] { loop->may_wait([&] { engine.commit(); }); });
  auto begin = [&engine, ticket](std::function<void(Result<void>)> done) {
    engine.when_durable(ticket, std::move(done));
  };
  return net::await_callback<Result<void>>(std::move(begin));
}

std::optional<net::HttpResponse> Dispatcher::answer_other_service(
    const net::HttpRequest& request, std::string_view peer, const std::string& request_id) const {
  const auto companion = companion_of(request, limits_.body_bytes_max);
  if (!companion || companion == Companion::kOtherForm) {
    if (const auto foreign = foreign_call_of(request)) {
      log_way(peer, request, "a call of " + foreign->service + ", which is not served");
      return answer_foreign(*foreign, request_id);
    }
  }
  if (!companion) return std::nullopt;
  log_way(peer, request, "a call of another service");
  const aws::Credential credential = aws::parse_credential(request).value_or(aws::Credential{});
  return answer_companion(*companion, caller_of(credential), request_id);
}

net::Task<std::optional<net::HttpResponse>> Dispatcher::answer_by_worker(
    const net::HttpRequest* request) {
  std::function<std::optional<net::HttpResponse>()> work =
      [this, request]() -> std::optional<net::HttpResponse> {
    try {
      return admin_.answer(*request);
    } catch (const std::exception&) {
      return net::plain_response(500, "There was no room to gather this; try again.\n");
    }
  };
  co_return co_await net::run_on<std::optional<net::HttpResponse>>(backends_.scrapes,
                                                                   std::move(work));
}

net::Task<net::HttpResponse> Dispatcher::answer(const net::HttpRequest* request,
                                                std::string_view peer, aws::RequestIds* ids,
                                                net::IoLoop* loop, net::Budget::Share* share) {
  const auto started = SteadyClock::now();
  std::string_view operation;
  std::string_view form;
  std::optional<net::HttpResponse> response = front_door_.refuse(*request);
  const bool is_refused_at_door = response.has_value();
  bool is_refused = is_refused_at_door;
  if (is_refused_at_door) log_way(peer, *request, "refused at the front door");
  const bool is_preflight =
      !response && (response = front_door_.answer_preflight(*request)).has_value();
  if (is_preflight) log_way(peer, *request, "a preflight");
  const std::string request_id = ids->next_uuid();
  // Before Kinesis' rules for forms would refuse them, and before the server's own paths: a bucket
  // may be called health.
  const bool is_other =
      !response && (response = answer_other_service(*request, peer, request_id)).has_value();
  if (!response && Admin::may_wait(*request)) {
    response = co_await answer_by_worker(request);
  } else if (!response) {
    response = admin_.answer(*request);
  }
  const bool is_own_path = response && !is_refused_at_door && !is_preflight && !is_other;
  if (is_own_path) log_way(peer, *request, "a path of the server's own");
  bool has_written = false;
  if (!response) {
    std::variant<ApiCall, net::HttpResponse> call =
        read_call(*request, signature_check_.get().get());
    if (auto* refused = std::get_if<net::HttpResponse>(&call)) {
      response = std::move(*refused);
      is_refused = aws::is_signature_error(error_of(*response));
      log_way(peer, *request, is_refused ? "refused for its signature" : "no call of an operation");
    } else {
      const ApiCall& found = std::get<ApiCall>(call);
      operation = found.operation->name;
      form = found.form == api::Form::kCbor ? "cbor" : "json";
      log_way(peer, *request, operation);
      api::Context context(backends_.services, caller_of(found.credential), operation, found.form);
      context.answer_room = share->room();
      Outcome outcome = run_at_once(found, request->body, context, *loop);
      if (!is_settled(outcome, context)) co_await settle(request, &found, &context, loop, &outcome);
      has_written = context.ticket != 0;
      const bool is_stream = outcome->has_value() && context.events;
      response = to_response(std::move(*outcome), found.form);
      if (is_stream) {
        response->content_type = aws::kEventStreamType;
        response->source = std::make_unique<aws::EventBody>(std::move(context.events), found.form,
                                                            backends_.services.clock);
      }
    }
  }
  // A write that was carried out is told of all the same, or its client would do it again.
  const std::size_t answer_bytes = response->body.size();
  if (answer_bytes > kFreeAnswerBytes && !share->take(answer_bytes) && !has_written) {
    response =
        net::plain_response(503, "Too many answers are waiting to be read; try again.\n", true);
  }
  if (!is_own_path) {
    response->headers.reserve(response->headers.size() + 2);
    front_door_.add_headers(*request, *response);
    response->headers.push_back({kRequestIdHeader, request_id, true});
    if (!is_preflight) {
      response->headers.push_back({kExtendedIdHeader, ids->next_extended(), true});
    }
  }
  const auto duration = SteadyClock::now() - started;
  count(operation, *response, duration);
  if (is_refused_at_door && response->status == 400) {
    backends_.rejections.count(request->protocol, response->status);
  }
  const AccessLog::Kind kind{is_refused, response->source != nullptr};
  if (backends_.access_log.wants(response->status, duration, kind)) {
    const auto of_door = [&](std::string_view name) {
      return is_refused_at_door ? request->header(name).value_or("") : std::string_view{};
    };
    backends_.access_log.write({peer, request->protocol, request->method, request->path, operation,
                                form, request_id, response->status, error_of(*response),
                                request->body.size(), response->body.size(), duration,
                                of_door("host"), of_door("origin")});
  }
  co_return std::move(*response);
}

void Dispatcher::log_way(std::string_view peer, const net::HttpRequest& request,
                         std::string_view way) const {
  constexpr std::size_t kPathBytesMax = 100;
  if (!backends_.log.should_log(spdlog::level::debug)) return;
  // The query stays out: a presigned one holds a signature.
  backends_.log.debug("{} {} {} {}: {}", peer, request.protocol, printable(request.method),
                      printable(request.path, kPathBytesMax), way);
}

void Dispatcher::count(std::string_view operation, const net::HttpResponse& response,
                       std::chrono::nanoseconds duration) {
  const auto found = operation_metrics_.find(operation);
  if (found != operation_metrics_.end()) {
    found->second.answered->add();
    found->second.seconds->observe(duration);
  }
  const std::string_view error = error_of(response);
  if (error.empty()) return;
  std::string labels = operation_label(operation);
  labels += ",error=\"" + std::string(error) + "\"";
  backends_.metrics
      .counter("millrace_errors_total", "Requests answered with an error, by operation and error.",
               labels)
      .add();
}

}  // namespace millrace::server
