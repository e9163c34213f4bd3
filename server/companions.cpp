#include "server/companions.h"

#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "api/context.h"
#include "server/http.h"
#include "server/uri.h"

namespace millrace::server {
namespace {

constexpr std::string_view kFormType = "application/x-www-form-urlencoded";
constexpr std::string_view kIdentityAction = "GetCallerIdentity";
constexpr std::string_view kMetricsAction = "PutMetricData";
constexpr std::string_view kMetricsTarget = "GraniteServiceVersion20100801.PutMetricData";
constexpr std::string_view kMetricsPath =
    "/service/GraniteServiceVersion20100801/operation/PutMetricData";
constexpr std::string_view kEmptyCborMap = "\xa0";

HttpResponse typed(std::string_view content_type, std::string body) {
  HttpResponse response;
  response.content_type = content_type;
  response.body = std::move(body);
  return response;
}

std::string metadata(const std::string& request_id) {
  return "<ResponseMetadata><RequestId>" + request_id + "</RequestId></ResponseMetadata>";
}

// The account is twelve digits and the id is ours: neither needs escaping.
HttpResponse identity(const api::Caller& caller, const std::string& request_id) {
  return typed("text/xml",
               "<GetCallerIdentityResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\">"
               "<GetCallerIdentityResult><Arn>arn:aws:iam::" +
                   caller.account + ":root</Arn><UserId>" + caller.account + "</UserId><Account>" +
                   caller.account + "</Account></GetCallerIdentityResult>" + metadata(request_id) +
                   "</GetCallerIdentityResponse>\n");
}

HttpResponse metrics_taken(const std::string& request_id) {
  return typed("text/xml",
               "<PutMetricDataResponse xmlns=\"http://monitoring.amazonaws.com/doc/2010-08-01/\">" +
                   metadata(request_id) + "</PutMetricDataResponse>\n");
}

}  // namespace

std::optional<Companion> companion_of(const HttpRequest& request) {
  if (request.method != "POST") return std::nullopt;
  if (request.path == kMetricsPath) return Companion::kMetricsByCbor;
  if (request.header("x-amz-target") == kMetricsTarget) return Companion::kMetricsByJson;
  const std::string_view type = request.header("content-type").value_or("");
  if (!equals_ignoring_case(trimmed(type.substr(0, type.find(';'))), kFormType)) {
    return std::nullopt;
  }
  // Metrics are the only forms that clients compress; what they are is not looked at.
  if (request.header("content-encoding") == "gzip") return Companion::kMetricsByQuery;
  const std::string action = form_value(request.body, "Action");
  if (action == kIdentityAction) return Companion::kIdentity;
  if (action == kMetricsAction) return Companion::kMetricsByQuery;
  return std::nullopt;
}

HttpResponse answer_companion(Companion companion, const api::Caller& caller,
                              const std::string& request_id) {
  switch (companion) {
    case Companion::kIdentity:
      return identity(caller, request_id);
    case Companion::kMetricsByQuery:
      return metrics_taken(request_id);
    case Companion::kMetricsByJson:
      return typed("application/x-amz-json-1.0", "{}");
    case Companion::kMetricsByCbor:
      break;
  }
  HttpResponse response = typed("application/cbor", std::string(kEmptyCborMap));
  response.headers.emplace_back("smithy-protocol", "rpc-v2-cbor");
  return response;
}

}  // namespace millrace::server
