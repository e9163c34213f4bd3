// The control paths: what a test does to the state and the time of a server.
//
// Each is one line in routes.cpp and a handler in the file of its group. JSON goes in and comes
// out.

#pragma once

#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include <nlohmann/json.hpp>

#include "base/scope.h"
#include "server/control/fault.h"
#include "storage/engine.h"
#include "world/worlds.h"

namespace millrace::server::control {

using Json = nlohmann::ordered_json;

// Whom a request comes from, as far as it has to say so.
struct Caller {
  // The account its key acts on; nullopt where it may do everything: signatures are not verified,
  // or its key is one of an admin.
  std::optional<std::string> account;
};

struct Request {
  std::map<std::string, std::string, std::less<>> query;  // Decoded; each name once.
  std::string_view body;
  Caller caller;
  Scope defaults;  // Where the query names none: the caller's account, serve's region.
  world::Worlds& worlds;
};

struct Reply {
  Json body;
  storage::Ticket ticket = 0;  // The answer waits for it.
  std::string note;            // For the log; empty where nothing was changed.
};

struct Route {
  std::string_view method;
  std::string_view path;  // Behind `/_millrace/`.
  Outcome<Reply> (*handle)(const Request& request);
};

[[nodiscard]] std::span<const Route> routes();

// Errors: access_denied unless the caller may act on `account`; nullopt: on all of them.
[[nodiscard]] Outcome<void> require(const Caller& caller,
                                    const std::optional<std::string>& account);

// Errors: bad_request for a name that is none of `names`.
[[nodiscard]] Outcome<void> check_query(const Request& request,
                                        std::span<const std::string_view> names);

// The body as JSON. Errors: bad_request if it is none, or no object.
[[nodiscard]] Outcome<Json> parse_body(const Request& request);

// The groups.
[[nodiscard]] Outcome<Reply> reset(const Request& request);
[[nodiscard]] Outcome<Reply> show_clock(const Request& request);
[[nodiscard]] Outcome<Reply> change_clock(const Request& request);

}  // namespace millrace::server::control
