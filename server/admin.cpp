#include "server/admin.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include <nlohmann/json.hpp>

#include "base/error.h"
#include "base/gzip.h"
#include "millrace_version.h"
#include "net/http.h"
#include "net/uri.h"
#include "server/page.h"

namespace millrace::server {
namespace {

using Json = nlohmann::ordered_json;

// Where the health checks of this server, and of those it stands in for, look.
constexpr std::array<std::string_view, 9> kReadyPaths = {
    "/_millrace/health", "/health",        "/healthcheck",       "/healthz",      "/readyz",
    "/_health",          "/_health/ready", "/_ministack/health", "/_floci/health"};
constexpr std::array<std::string_view, 2> kLivePaths = {"/livez", "/_health/live"};
// Programs that wait for another emulator ask these paths.
constexpr std::string_view kLocalstackHealthPath = "/_localstack/health";
constexpr std::string_view kLocalstackInitPath = "/_localstack/init";
constexpr std::string_view kLocalstackReadyPath = "/_localstack/init/ready";
constexpr std::string_view kLocalstackInfoPath = "/_localstack/info";
// Paths that begin so are this server's, or those of servers it stands in for, and never a call.
constexpr std::array<std::string_view, 2> kOwnPrefixes = {"/_", "/moto-api/"};
constexpr std::string_view kMetricsPath = "/metrics";
constexpr std::string_view kCaPath = "/_millrace/ca.pem";

bool accepts_gzip(const net::HttpRequest& request) {
  bool accepts = false;
  net::split(request.header("accept-encoding").value_or(""), ",", [&](std::string_view part) {
    const std::string_view coding = net::trimmed(part.substr(0, part.find(';')));
    const std::size_t weight = part.find("q=");
    const bool is_refused = weight != std::string_view::npos &&
                            part.find_first_not_of("0. ", weight + 2) == std::string_view::npos;
    accepts = accepts || (net::equals_ignoring_case(coding, "gzip") && !is_refused);
  });
  return accepts;
}

net::HttpResponse uncached(int status, std::string_view content_type, std::string body) {
  net::HttpResponse response;
  response.status = status;
  response.content_type = content_type;
  response.body = std::move(body);
  response.headers.emplace_back("Cache-Control", "no-store");
  return response;
}

net::HttpResponse json_response(int status, const Json& value) {
  // A path may hold any bytes.
  return uncached(status, "application/json",
                  value.dump(-1, ' ', false, Json::error_handler_t::replace));
}

net::HttpResponse health(const Result<void>& ready) {
  Json value = {{"status", ready ? "ready" : "unavailable"}};
  if (!ready) value["reason"] = ready.error().message;
  value["version"] = kVersion;
  return json_response(ready ? 200 : 503, value);
}

net::HttpResponse localstack_health(const Result<void>& ready) {
  return json_response(
      ready ? 200 : 503,
      {{"services", {{"kinesis", ready ? "running" : "starting"}}}, {"version", kVersion}});
}

net::HttpResponse localstack_init(bool is_ready) {
  return json_response(
      200,
      {{"completed", {{"BOOT", true}, {"START", true}, {"READY", is_ready}, {"SHUTDOWN", false}}},
       {"scripts", Json::array()}});
}

net::HttpResponse localstack_ready(bool is_ready) {
  return json_response(200, {{"completed", is_ready}, {"scripts", Json::array()}});
}

// Kinesis looks at no path, but what asks for one of these is no client of it.
net::HttpResponse nothing_there(const net::HttpRequest& request) {
  const std::string asked = std::string(request.method) + " " + std::string(request.path);
  return json_response(
      404, {{"error", "not_found"}, {"message", "millrace has nothing at " + asked + "."}});
}

bool is_read(const net::HttpRequest& request) {
  return request.method == "GET" || request.method == "HEAD";
}

}  // namespace

bool Admin::may_wait(const net::HttpRequest& request) {
  return request.path == kMetricsPath && is_read(request);
}

net::HttpResponse Admin::metrics(const net::HttpRequest& request) const {
  net::HttpResponse response =
      uncached(200, "text/plain; version=0.0.4; charset=utf-8", metrics_.render());
  response.headers.emplace_back("Vary", "Accept-Encoding");
  if (accepts_gzip(request)) {
    response.body = gzip(response.body);
    response.headers.emplace_back("Content-Encoding", "gzip");
  }
  return response;
}

std::optional<net::HttpResponse> Admin::answer(const net::HttpRequest& request) const {
  auto response = is_read(request) ? read(request) : std::nullopt;
  const auto is_prefix = [&](std::string_view prefix) { return request.path.starts_with(prefix); };
  if (!response && std::ranges::any_of(kOwnPrefixes, is_prefix) &&
      !request.header("x-amz-target")) {
    return nothing_there(request);
  }
  return response;
}

std::optional<net::HttpResponse> Admin::read(const net::HttpRequest& request) const {
  const auto is_one_of = [&](const auto& paths) {
    return std::ranges::find(paths, request.path) != paths.end();
  };
  if (is_one_of(kReadyPaths)) return health(ready_());
  if (is_one_of(kLivePaths))
    return json_response(200, {{"status", "alive"}, {"version", kVersion}});
  if (request.path == kLocalstackHealthPath) return localstack_health(ready_());
  if (request.path == kLocalstackInitPath) return localstack_init(ready_().has_value());
  if (request.path == kLocalstackReadyPath) return localstack_ready(ready_().has_value());
  if (request.path == kLocalstackInfoPath) {
    return json_response(200, {{"version", kVersion}, {"edition", "millrace"}});
  }
  if (request.path == kMetricsPath) return metrics(request);
  if (request.path == kCaPath) {
    if (ca_.empty())
      return net::plain_response(
          404, "This server has generated no certificate (--tls off or --tls-cert).\n");
    return uncached(200, "application/x-pem-file", ca_);
  }
  return answer_page(request);
}

}  // namespace millrace::server
