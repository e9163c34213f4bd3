// POST reset: takes away streams and what belongs to them, as if they had never been.
//
//   ?account=&region=&stream=  only what belongs to these; with none of them, everything
//   ?seed=0                    nothing that --streams declares is created again

#include <array>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "base/error.h"
#include "base/scope.h"
#include "base/try.h"
#include "server/control/fault.h"
#include "server/control/routes.h"
#include "streams/errors.h"
#include "world/worlds.h"

namespace millrace::server::control {
namespace {

std::optional<std::string> parameter(const Request& request, std::string_view name) {
  const auto found = request.query.find(name);
  return found == request.query.end() ? std::nullopt : std::optional(found->second);
}

Outcome<world::ResetScope> parse_scope(const Request& request) {
  world::ResetScope scope{parameter(request, "account"), parameter(request, "region"),
                          parameter(request, "stream")};
  if (scope.account && !is_account(*scope.account)) {
    return bad_request("An account is 12 digits.", "?account");
  }
  if (scope.region && !is_region(*scope.region)) {
    return bad_request("\"" + *scope.region + "\" is no region.", "?region");
  }
  if (!scope.stream) return scope;
  if (scope.stream->empty()) return bad_request("The stream has no name.", "?stream");
  if (!scope.account) scope.account = request.defaults.account;
  if (!scope.region) scope.region = request.defaults.region;
  return scope;
}

std::string shown(const world::ResetScope& scope) {
  if (scope.is_whole()) return "everything";
  std::string text;
  if (scope.stream) text += "stream " + *scope.stream + " ";
  if (scope.account) text += "account " + *scope.account + " ";
  if (scope.region) text += "region " + *scope.region + " ";
  text.pop_back();
  return text;
}

}  // namespace

Outcome<Reply> reset(const Request& request) {
  constexpr std::array<std::string_view, 4> kNames = {"account", "region", "stream", "seed"};
  TRY(check_query(request, kNames));
  const auto scope = TRY(parse_scope(request));
  const auto seed = parameter(request, "seed");
  if (seed && *seed != "0" && *seed != "1") return bad_request("seed is 0 or 1.", "?seed");
  TRY(require(request.caller, scope.account));

  const auto removed = request.worlds.reset(scope, seed != "0");
  if (!removed) {
    if (removed.error().code == streams::kResourceNotFound) {
      return std::unexpected(Fault(404, "not_found", removed.error().message, "?stream"));
    }
    return std::unexpected(Fault(removed.error()));
  }
  const std::size_t count = removed->streams;
  return Reply{{{"streams", count}},
               removed->ticket,
               "reset of " + shown(scope) + ": " + std::to_string(count) +
                   (count == 1 ? " stream" : " streams") + " removed"};
}

}  // namespace millrace::server::control
