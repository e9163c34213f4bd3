#include "server/control/control.h"

#include <algorithm>
#include <exception>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include <nlohmann/json.hpp>
#include <spdlog/logger.h>

#include "api/session_keys.h"
#include "aws/sigv4.h"
#include "aws/sigv4_verify.h"
#include "base/error.h"
#include "base/scope.h"
#include "base/try.h"
#include "net/http.h"
#include "net/uri.h"
#include "server/control/fault.h"
#include "server/control/routes.h"

namespace millrace::server::control {
namespace {

constexpr std::string_view kPrefix = "/_millrace/";

std::optional<std::string_view> path_of(const net::HttpRequest& request) {
  if (!request.path.starts_with(kPrefix) || request.header("x-amz-target")) return std::nullopt;
  return request.path.substr(kPrefix.size());
}

net::HttpResponse json_response(int status, const Json& body) {
  net::HttpResponse response;
  response.status = status;
  response.content_type = "application/json";
  // A name may hold any bytes.
  response.body = body.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
  response.headers.emplace_back("Cache-Control", "no-store");
  return response;
}

net::HttpResponse to_response(const Fault& fault) {
  Json body = {{"error", fault.code}, {"message", fault.message}};
  if (!fault.where.empty()) body["where"] = fault.where;
  return json_response(fault.status, body);
}

// Signatures that are presigned have parameters of their own.
bool is_of_signature(std::string_view name) {
  constexpr std::string_view kAmz = "x-amz-";
  return net::equals_ignoring_case(name.substr(0, kAmz.size()), kAmz);
}

using Query = std::map<std::string, std::string, std::less<>>;

Outcome<Query> parse_query(std::string_view text) {
  Query query;
  if (text.empty()) return query;
  std::optional<std::string> twice;
  net::split(text, "&", [&](std::string_view part) {
    if (part.empty()) return;
    const std::string_view raw = part.substr(0, part.find('='));
    std::string name = net::percent_decoded(raw);
    if (is_of_signature(name)) return;
    std::string value =
        raw.size() == part.size() ? "" : net::percent_decoded(part.substr(raw.size() + 1));
    if (!query.emplace(name, std::move(value)).second) twice = std::move(name);
  });
  if (twice) return bad_request("The parameter " + *twice + " is there twice.", "?" + *twice);
  return query;
}

}  // namespace

bool Control::has(const net::HttpRequest& request) {
  const auto path = path_of(request);
  return path && std::ranges::any_of(routes(), [&](const Route& r) { return r.path == *path; });
}

Control::Answer Control::answer(const net::HttpRequest& request) const {
  try {
    const auto reply = run(request);
    if (!reply) return {to_response(reply.error())};
    if (!reply->note.empty()) log_.info("control: {}", reply->note);
    return {json_response(200, reply->body), reply->ticket};
  } catch (const std::exception&) {
    return {to_response(Fault(500, "failed", "There was no room for this; try again."))};
  }
}

Outcome<Reply> Control::run(const net::HttpRequest& request) const {
  if (!is_open_) {
    return std::unexpected(Fault(403, "control_off",
                                 "Control is off. Start the server without --control off to "
                                 "use it."));
  }
  const std::string_view path = *path_of(request);
  const auto found = std::ranges::find_if(
      routes(), [&](const Route& r) { return r.path == path && r.method == request.method; });
  if (found == routes().end()) {
    return std::unexpected(
        Fault(405, "method_not_allowed",
              std::string(request.path) + " takes no " + std::string(request.method) + "."));
  }
  auto caller = TRY(caller_of(request));
  auto query = TRY(parse_query(request.query));
  const Scope defaults{caller.account.value_or(defaults_.account), defaults_.region};
  return found->handle({std::move(query), request.body, std::move(caller), defaults, worlds_});
}

Outcome<Caller> Control::caller_of(const net::HttpRequest& request) const {
  const auto check = signature_check_.get();
  if (!check) return Caller{};
  const auto verified = aws::verify_signature(request, kSigningName, *check);
  if (!verified) {
    return std::unexpected(Fault(403, "access_denied",
                                 "With --auth verify, control takes requests that are signed for "
                                 "the service millrace. " +
                                     verified.error().message));
  }
  const auto credential = aws::parse_credential(request);
  if (!credential) return std::unexpected(Fault(403, "access_denied", credential.error().message));
  const std::string& id = credential->access_key_id;
  const auto key = check->keys.find(id);
  if (key != check->keys.end() && key->second.is_admin) return Caller{};
  if (is_account(id)) return Caller{id};
  if (auto account = api::account_of_key(check->sealer, id)) return Caller{std::move(account)};
  return Caller{defaults_.account};
}

}  // namespace millrace::server::control
