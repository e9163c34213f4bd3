#include "server/dispatcher.h"

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
#include "api/errors.h"
#include "api/kinesis/operations.h"
#include "api/operation.h"
#include "api/service.h"
#include "api/session_keys.h"
#include "api/value.h"
#include "aws/event_body.h"
#include "aws/event_stream.h"
#include "aws/protocol.h"
#include "aws/request_ids.h"
#include "aws/sigv4.h"
#include "aws/sigv4_verify.h"
#include "base/current.h"
#include "base/error.h"
#include "base/metrics.h"
#include "base/scope.h"
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
#include "server/log_line.h"
#include "server/router.h"
#include "server/services.h"
#include "storage/engine.h"
#include "storage/errors.h"

namespace millrace::server {
namespace {

constexpr std::chrono::milliseconds kBusyPause{10};
constexpr std::string_view kRequestIdHeader = "x-amzn-RequestId";
constexpr std::string_view kExtendedIdHeader = "x-amz-id-2";
// An answer up to this is not counted.
constexpr std::size_t kFreeAnswerBytes = 1024;

std::string labels_of(const api::Service* service, const api::Operation* operation) {
  const std::string_view name = service != nullptr ? service->signing_name : std::string_view{};
  return "service=\"" + std::string(name) + "\",operation=\"" +
         std::string(operation != nullptr ? operation->name : std::string_view{}) + "\"";
}

// A library may throw (out of memory, above all); a request ends there, the server does not.
Result<std::string> run_guarded(const aws::Call& call, std::string_view body,
                                api::Context& context) {
  try {
    if (call.parameters) {
      api::Value parameters = *call.parameters;  // Running it uses them up, and it may run again.
      return api::run(*call.service, *call.operation, parameters, call.form, context);
    }
    if (call.unpacked) body = *call.unpacked;
    return api::run(*call.service, *call.operation, body, call.form, context);
  } catch (const std::exception&) {
    return fail(api::kInternalFailure, "");
  }
}

// Returns true if the same request may be run again: the store was busy, or another call has
// changed what this one would have changed, and nothing was stored.
bool is_busy(const Outcome& outcome) {
  if (*outcome) return false;
  const ErrorCode code = outcome->error().code;
  return code == storage::kBusy || code == storage::kConflict;
}

// Answers a call whose writes have gone with its world as if it came now, to a world without
// streams: a call that names one is told so.
void answer_for_ended_world(const aws::Call& call, std::string_view body, api::Context& context,
                            Outcome& outcome) {
  if (context.ticket == 0 || !context.world().has_ended()) return;
  Outcome later = run_guarded(call, body, context);
  if (!is_busy(later)) outcome = std::move(later);
}

// Returns nothing if the call belongs on a worker.
Outcome run_at_once(const aws::Call& call, std::string_view body, api::Context& context,
                    net::IoLoop& loop) {
  if (call.operation->lane == api::Lane::kWorker) return std::nullopt;
  context.may_write_with_others = true;
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
  for (const api::Service* service : services()) {
    for (const api::Operation* operation : service->operations) {
      const std::string labels = labels_of(service, operation);
      operation_metrics_[operation] = {
          &backends_.metrics.counter("millrace_requests_total",
                                     "Requests answered, by service and operation.", labels),
          &backends_.metrics.histogram("millrace_request_seconds",
                                       "Time from a request's last byte to its answer.", labels)};
    }
  }
}

api::Caller Dispatcher::caller_of(const aws::Credential& credential) const {
  api::Caller caller{
      {defaults_.account, credential.region.empty() ? defaults_.region : credential.region},
      "",
      false};
  const std::string& key = credential.access_key_id;
  if (is_account(key)) {
    caller.scope.account = key;
  } else if (auto account = api::account_of_key(backends_.sealer, key)) {
    caller.scope.account = std::move(*account);
    caller.has_temporary_key = true;
    const auto session = api::session_of(backends_.sealer, key, credential.session_token);
    if (session) caller.session = session->name;
  }
  return caller;
}

bool Dispatcher::is_settled(const Outcome& outcome, const api::Context& context) {
  return outcome && !is_busy(outcome) &&
         (!*outcome || context.world().engine().is_durable(context.ticket));
}

net::Task<> Dispatcher::settle(const net::HttpRequest* request, const aws::Call* call,
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
    if (**outcome && !context->world().engine().is_durable(context->ticket)) {
      const Result<void> durable =
          co_await wait_until_durable(&context->world().engine(), context->ticket, loop);
      if (!durable) *outcome = std::unexpected(durable.error());
      if (durable) answer_for_ended_world(*call, request->body, *context, *outcome);
    }
    if (!is_busy(*outcome) || SteadyClock::now() >= deadline) co_return;
    outcome->reset();
    context->ticket = 0;
    context->held_world = backends_.worlds.current();  // Another one, perhaps.
    net::Timer timer(co_await asio::this_coro::executor, kBusyPause);
    co_await timer.async_wait(net::kAwaitTuple);
  }
}

net::Task<Result<void>> Dispatcher::wait_until_durable(storage::Engine* engine,
                                                       storage::Ticket ticket, net::IoLoop* loop) {
  // It may be waiting to be written with what the other requests write that are ready now.
  loop->after_these([engine, loop] { loop->may_wait([&] { engine->commit(); }); });
  auto begin = [engine, ticket](std::function<void(Result<void>)> done) {
    engine->when_durable(ticket, std::move(done));
  };
  return net::await_callback<Result<void>>(std::move(begin));
}

net::Task<net::HttpResponse> Dispatcher::answer_own(Own own, const net::HttpRequest* request,
                                                    net::IoLoop* loop) {
  return own == Own::kScrape ? answer_scrape(request) : answer_control(request, loop);
}

net::Task<net::HttpResponse> Dispatcher::answer_control(const net::HttpRequest* request,
                                                        net::IoLoop* loop) {
  using Answer = control::Control::Answer;
  // It lasts as long as the world that the request has changed.
  const auto world = backends_.worlds.current();
  std::function<Answer()> work = [this, request] { return backends_.control.answer(*request); };
  Answer answer = co_await net::run_on<Answer>(backends_.workers, std::move(work));
  if (!world->engine().is_durable(answer.ticket)) {
    const Result<void> durable = co_await wait_until_durable(&world->engine(), answer.ticket, loop);
    if (!durable) {
      answer.http = net::plain_response(503, "The store failed; its log says more.\n");
    }
  }
  co_return std::move(answer.http);
}

net::Task<net::HttpResponse> Dispatcher::answer_scrape(const net::HttpRequest* request) {
  std::function<net::HttpResponse()> work = [this, request]() -> net::HttpResponse {
    try {
      if (auto answer = admin_.answer(*request)) return std::move(*answer);
    } catch (const std::exception&) {
      return net::plain_response(500, "There was no room to gather this; try again.\n");
    }
    return aws::access_denied().http;
  };
  co_return co_await net::run_on<net::HttpResponse>(backends_.scrapes, std::move(work));
}

bool Dispatcher::answer_at_door(const net::HttpRequest& request, std::string_view peer,
                                Handled& handled) const {
  if (auto refused = front_door_.refuse(request)) {
    handled.answer.http = std::move(*refused);
    handled.by = By::kFrontDoor;
    handled.is_refused = true;
    log_way(peer, request, "refused at the front door");
    return true;
  }
  if (auto preflight = front_door_.answer_preflight(request)) {
    handled.answer.http = std::move(*preflight);
    handled.by = By::kPreflight;
    log_way(peer, request, "a preflight");
    return true;
  }
  return false;
}

std::optional<aws::Call> Dispatcher::read_call(const net::HttpRequest& request,
                                               std::string_view peer,
                                               std::variant<Route, NoRoute> routed,
                                               const std::string& request_id,
                                               Handled& handled) const {
  if (auto* nowhere = std::get_if<NoRoute>(&routed)) {
    log_way(peer, request, nowhere->why);
    handled.answer = std::move(nowhere->answer);
    return std::nullopt;
  }
  auto& route = std::get<Route>(routed);
  const auto signatures = signature_check_.get();
  aws::Reading reading{request, std::move(route.unpacked), signatures.get(), request_id};
  auto read = route.protocol->read(*route.service, reading);
  if (auto* refused = std::get_if<aws::Answer>(&read)) {
    handled.answer = std::move(*refused);
    handled.is_refused = aws::is_signature_error(handled.answer.error);
    log_way(peer, request,
            handled.is_refused ? "refused for its signature" : "no call of an operation");
    return std::nullopt;
  }
  auto& call = std::get<aws::Call>(read);
  handled.service = call.service;
  handled.operation = call.operation;
  handled.form = call.protocol->name(call.form);
  if (backends_.log.should_log(spdlog::level::debug)) {
    log_way(peer, request,
            std::string(call.service->signing_name) + " " + std::string(call.operation->name));
  }
  return std::move(call);
}

void Dispatcher::finish(const aws::Call& call, api::Context& context, Outcome outcome,
                        const std::string& request_id, Handled& handled) const {
  handled.has_written = context.ticket != 0;
  const bool is_stream = outcome->has_value() && context.events;
  handled.answer = call.protocol->write(call, std::move(*outcome), request_id);
  if (!is_stream) return;
  net::HttpResponse& response = handled.answer.http;
  response.content_type = aws::kEventStreamType;
  response.source = std::make_unique<aws::EventBody>(std::move(context.events), call.form);
}

std::optional<aws::Call> Dispatcher::begin(const net::HttpRequest& request, std::string_view peer,
                                           const std::string& request_id, Handled& handled) const {
  if (answer_at_door(request, peer, handled)) return std::nullopt;
  if (control::Control::has(request)) {
    handled.own = Own::kControl;
    handled.by = By::kOwnPath;
    log_way(peer, request, "a control path");
    return std::nullopt;
  }
  // Before the server's other paths: a bucket of another service may be called health.
  std::variant<Route, NoRoute> routed = route(request, limits_.body_bytes_max, request_id);
  const auto* found = std::get_if<Route>(&routed);
  const bool may_be_own = found != nullptr && found->service == &kinesis::service();
  const bool is_scrape = may_be_own && Admin::may_wait(request);
  if (is_scrape) handled.own = Own::kScrape;
  auto own = may_be_own && !is_scrape ? admin_.answer(request) : std::nullopt;
  if (!own && !is_scrape) {
    return read_call(request, peer, std::move(routed), request_id, handled);
  }
  if (own) handled.answer.http = std::move(*own);
  handled.by = By::kOwnPath;
  log_way(peer, request, "a path of the server's own");
  return std::nullopt;
}

void Dispatcher::complete(const net::HttpRequest& request, std::string_view peer,
                          aws::RequestIds& ids, const std::string& request_id,
                          SteadyClock::time_point started, net::Budget::Share& share,
                          Handled& handled) {
  net::HttpResponse& response = handled.answer.http;
  // A write that was carried out is told of all the same, or its client would do it again.
  const std::size_t answer_bytes = response.body.size();
  if (answer_bytes > kFreeAnswerBytes && !share.take(answer_bytes) && !handled.has_written) {
    handled.answer = {
        net::plain_response(503, "Too many answers are waiting to be read; try again.\n", true),
        ""};
  }
  if (handled.by != By::kOwnPath) {
    response.headers.reserve(response.headers.size() + 2);
    front_door_.add_headers(request, response);
    response.headers.push_back({kRequestIdHeader, request_id, true});
    if (handled.by != By::kPreflight) {
      response.headers.push_back({kExtendedIdHeader, ids.next_extended(), true});
    }
  }
  const auto duration = SteadyClock::now() - started;
  count(handled, duration);
  const bool is_refused_at_door = handled.by == By::kFrontDoor;
  if (is_refused_at_door && response.status == 400) {
    backends_.rejections.count(request.protocol, response.status);
  }
  const AccessLog::Kind kind{handled.is_refused, response.source != nullptr};
  if (backends_.access_log.wants(response.status, duration, kind)) {
    const auto of_door = [&](std::string_view name) {
      return is_refused_at_door ? request.header(name).value_or("") : std::string_view{};
    };
    AccessEntry entry{peer, request.protocol, request.method, request.path};
    if (handled.service != nullptr) entry.service = handled.service->signing_name;
    if (handled.operation != nullptr) entry.operation = handled.operation->name;
    entry.form = handled.form;
    entry.request_id = request_id;
    entry.status = response.status;
    entry.error = handled.answer.error;
    entry.request_bytes = request.body.size();
    entry.response_bytes = response.body.size();
    entry.duration = duration;
    entry.host = of_door("host");
    entry.origin = of_door("origin");
    backends_.access_log.write(entry);
  }
}

net::Task<net::HttpResponse> Dispatcher::answer(const net::HttpRequest* request,
                                                std::string_view peer, aws::RequestIds* ids,
                                                net::IoLoop* loop, net::Budget::Share* share) {
  const auto started = SteadyClock::now();
  const std::string request_id = ids->next_uuid();
  Handled handled;
  const std::optional<aws::Call> call = begin(*request, peer, request_id, handled);
  if (handled.own != Own::kNone) {
    handled.answer.http = co_await answer_own(handled.own, request, loop);
  }
  if (call) {
    api::Context context(backends_.worlds.current(), caller_of(call->credential),
                         call->operation->name, call->form);
    context.answer_room = share->room();
    Outcome outcome = run_at_once(*call, request->body, context, *loop);
    if (!is_settled(outcome, context)) co_await settle(request, &*call, &context, loop, &outcome);
    finish(*call, context, std::move(outcome), request_id, handled);
  }
  complete(*request, peer, *ids, request_id, started, *share, handled);
  co_return std::move(handled.answer.http);
}

void Dispatcher::log_way(std::string_view peer, const net::HttpRequest& request,
                         std::string_view way) const {
  constexpr std::size_t kPathBytesMax = 100;
  if (!backends_.log.should_log(spdlog::level::debug)) return;
  // The query stays out: a presigned one holds a signature.
  backends_.log.debug("{} {} {} {}: {}", peer, request.protocol, printable(request.method),
                      printable(request.path, kPathBytesMax), way);
}

void Dispatcher::count(const Handled& handled, std::chrono::nanoseconds duration) {
  const auto found = operation_metrics_.find(handled.operation);
  if (found != operation_metrics_.end()) {
    found->second.answered->add();
    found->second.seconds->observe(duration);
  }
  if (handled.answer.error.empty()) return;
  backends_.metrics
      .counter(
          "millrace_errors_total",
          "Requests answered with an error, by service, operation and error.",
          labels_of(handled.service, handled.operation) + ",error=\"" + handled.answer.error + "\"")
      .add();
}

}  // namespace millrace::server
