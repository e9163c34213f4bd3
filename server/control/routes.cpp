#include "server/control/routes.h"

#include <algorithm>
#include <array>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include <nlohmann/json.hpp>

#include "base/error.h"
#include "server/control/fault.h"
#include "storage/errors.h"

namespace millrace::server::control {

std::span<const Route> routes() {
  static constexpr std::array kRoutes = {
      Route{"POST", "reset", &reset},
      Route{"GET", "clock", &show_clock},
      Route{"POST", "clock", &change_clock},
  };
  return kRoutes;
}

Fault::Fault(const Error& error) : message(error.message) {
  const auto is = [&](ErrorCode known) { return error.code == known; };
  if (is(storage::kBusy) || is(storage::kConflict)) {
    status = 503;
    code = "busy";
    message = "The store was busy; nothing was changed. Try again.";
  } else if (is(storage::kFull)) {
    status = 503;
    code = "full";
  } else {
    status = 500;
    code = "failed";
    if (message.empty()) message = "The store failed; its log says more.";
  }
}

Outcome<void> require(const Caller& caller, const std::optional<std::string>& account) {
  if (!caller.account || account == caller.account) return {};
  const std::string wanted = account ? "account " + *account : "all accounts";
  return std::unexpected(Fault(403, "access_denied",
                               "This key acts on account " + *caller.account + ", not on " +
                                   wanted + ": that takes a key marked admin in --auth-keys."));
}

Outcome<void> check_query(const Request& request, std::span<const std::string_view> names) {
  for (const auto& [name, value] : request.query) {
    if (std::ranges::find(names, name) == names.end()) {
      return bad_request("There is no parameter " + name + " here.", "?" + name);
    }
  }
  return {};
}

Outcome<Json> parse_body(const Request& request) {
  Json body = Json::parse(request.body, nullptr, false);
  if (body.is_discarded()) return bad_request("The body is not JSON.");
  if (!body.is_object()) return bad_request("The body is not a JSON object.");
  return body;
}

}  // namespace millrace::server::control
