#include "server/admin.h"

#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "api/json.h"
#include "base/error.h"
#include "millrace_version.h"
#include "server/http.h"

namespace millrace::server {
namespace {

// Where the health checks of this server, and of those it stands in for, look.
constexpr std::array<std::string_view, 5> kReadyPaths = {
    "/_millrace/health", "/health", "/healthcheck", "/_health", "/_health/ready"};
constexpr std::string_view kLivePath = "/_health/live";
constexpr std::string_view kLocalstackPath = "/_localstack/health";
constexpr std::string_view kMetricsPath = "/metrics";
constexpr std::string_view kCaPath = "/_millrace/ca.pem";

HttpResponse uncached(int status, std::string_view content_type, std::string body) {
  HttpResponse response;
  response.status = status;
  response.content_type = content_type;
  response.body = std::move(body);
  response.headers.emplace_back("Cache-Control", "no-store");
  return response;
}

std::string health_body(const Result<void>& ready) {
  std::string body;
  api::JsonWriter writer(body);
  writer.begin_map(0);
  writer.key("status");
  writer.string(ready ? "ready" : "unavailable");
  if (!ready) {
    writer.key("reason");
    writer.string(ready.error().message);
  }
  writer.key("version");
  writer.string(kVersion);
  writer.end_map();
  return body;
}

std::string localstack_body(const Result<void>& ready) {
  std::string body;
  api::JsonWriter writer(body);
  writer.begin_map(0);
  writer.key("services");
  writer.begin_map(0);
  writer.key("kinesis");
  writer.string(ready ? "running" : "starting");
  writer.end_map();
  writer.key("version");
  writer.string(kVersion);
  writer.end_map();
  return body;
}

}  // namespace

std::optional<HttpResponse> Admin::answer(const HttpRequest& request) const {
  if (request.method != "GET" && request.method != "HEAD") return std::nullopt;
  if (std::ranges::find(kReadyPaths, request.path) != kReadyPaths.end()) {
    const Result<void> ready = ready_();
    return uncached(ready ? 200 : 503, "application/json", health_body(ready));
  }
  if (request.path == kLivePath) return uncached(200, "application/json", health_body({}));
  if (request.path == kLocalstackPath) {
    const Result<void> ready = ready_();
    return uncached(ready ? 200 : 503, "application/json", localstack_body(ready));
  }
  if (request.path == kMetricsPath) {
    return uncached(200, "text/plain; version=0.0.4; charset=utf-8", metrics_.render());
  }
  if (request.path == kCaPath) {
    if (ca_.empty())
      return plain_response(404, "There is no certificate of this server's making.\n");
    return uncached(200, "application/x-pem-file", ca_);
  }
  return std::nullopt;
}

}  // namespace millrace::server
