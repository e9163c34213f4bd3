#include "server/companions.h"

#include <algorithm>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "api/context.h"
#include "base/gzip.h"
#include "net/http.h"
#include "net/uri.h"
#include "server/protocol.h"

namespace millrace::server {
namespace {

constexpr std::string_view kFormType = "application/x-www-form-urlencoded";
constexpr std::string_view kIdentityAction = "GetCallerIdentity";
constexpr std::string_view kMetricsAction = "PutMetricData";
constexpr std::string_view kMetricsTarget = "GraniteServiceVersion20100801.PutMetricData";
constexpr std::string_view kMetricsPath =
    "/service/GraniteServiceVersion20100801/operation/PutMetricData";
constexpr std::string_view kEmptyCborMap = "\xa0";

net::HttpResponse typed(std::string_view content_type, std::string body) {
  net::HttpResponse response;
  response.content_type = content_type;
  response.body = std::move(body);
  return response;
}

std::string metadata(const std::string& request_id) {
  return "<ResponseMetadata><RequestId>" + request_id + "</RequestId></ResponseMetadata>";
}

// The account is twelve digits and the id is ours: neither needs escaping.
net::HttpResponse identity(const api::Caller& caller, const std::string& request_id) {
  return typed("text/xml",
               "<GetCallerIdentityResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\">"
               "<GetCallerIdentityResult><Arn>arn:aws:iam::" +
                   caller.account + ":root</Arn><UserId>" + caller.account + "</UserId><Account>" +
                   caller.account + "</Account></GetCallerIdentityResult>" + metadata(request_id) +
                   "</GetCallerIdentityResponse>\n");
}

net::HttpResponse metrics_taken(const std::string& request_id) {
  return typed("text/xml",
               "<PutMetricDataResponse xmlns=\"http://monitoring.amazonaws.com/doc/2010-08-01/\">" +
                   metadata(request_id) + "</PutMetricDataResponse>\n");
}

std::optional<Companion> by_action(std::string_view form) {
  const std::string action = net::form_value(form, "Action");
  if (action == kIdentityAction) return Companion::kIdentity;
  if (action == kMetricsAction) return Companion::kMetricsByQuery;
  return std::nullopt;
}

}  // namespace

bool is_form(const net::HttpRequest& request) {
  const std::string_view type = request.header("content-type").value_or("");
  return net::equals_ignoring_case(net::trimmed(type.substr(0, type.find(';'))), kFormType);
}

std::optional<Companion> companion_of(const net::HttpRequest& request, std::size_t body_bytes_max) {
  if (request.method == "GET" && net::form_value(request.query, "Action") == kIdentityAction) {
    return Companion::kIdentity;
  }
  if (request.method != "POST") return std::nullopt;
  if (request.path == kMetricsPath) return Companion::kMetricsByCbor;
  if (request.header("x-amz-target") == kMetricsTarget) return Companion::kMetricsByJson;
  if (!is_form(request)) return std::nullopt;
  if (net::coding_of(request) != net::Coding::kGzip) return by_action(request.body);
  const auto form = gunzip(request.body, std::min(body_bytes_max, kFormBytesMax));
  if (form) return by_action(*form).value_or(Companion::kOtherForm);
  return form.error() == GunzipError::kTooLarge ? Companion::kTooLargeForm
                                                : Companion::kDamagedForm;
}

net::HttpResponse answer_companion(Companion companion, const api::Caller& caller,
                                   const std::string& request_id) {
  switch (companion) {
    case Companion::kIdentity:
      return identity(caller, request_id);
    case Companion::kMetricsByQuery:
      return metrics_taken(request_id);
    case Companion::kMetricsByJson:
      return typed("application/x-amz-json-1.0", "{}");
    case Companion::kDamagedForm:
      return net::plain_response(400, "The body is not gzip, as its Content-Encoding says.\n");
    case Companion::kTooLargeForm:
      return net::plain_response(413, "The body holds too much once it is unpacked.\n");
    case Companion::kOtherForm:
      return access_denied();
    case Companion::kMetricsByCbor:
      break;
  }
  net::HttpResponse response = typed("application/cbor", std::string(kEmptyCborMap));
  response.headers.emplace_back("smithy-protocol", "rpc-v2-cbor");
  return response;
}

}  // namespace millrace::server
