// GET and POST clock: product time, which is one for the whole server.
//
//   {"advance": "25h"}  jumps forward
//   {"freeze": true}    stands
//   {"rate": 60}        passes so many times as fast
//   {"normal": true}    passes as fast as the wall clock again; what it is ahead stays

#include "base/clock.h"

#include <chrono>
#include <cmath>
#include <optional>
#include <string>

#include "base/duration.h"
#include "base/error.h"
#include "base/iso_time.h"
#include "base/pace.h"
#include "base/try.h"
#include "server/control/fault.h"
#include "server/control/routes.h"
#include "world/worlds.h"

namespace millrace::server::control {
namespace {

constexpr double kRateMin = 0.001;
constexpr double kRateMax = 100'000;

// The clock's state, and what has been changed for the log.
Reply show(const world::Worlds& worlds) {
  const auto world = worlds.current();
  const Pace pace = world->clock().pace();
  const auto now = world->clock().now();
  return {{{"now", iso_time(now)},
           {"offset_ms", offset_of(now, world->wall_clock().now()).count()},
           {"rate", pace.rate},
           {"frozen", pace.is_frozen}},
          0,
          ""};
}

Outcome<Clock::Plan> plan_advance(const Json& value) {
  const auto step =
      value.is_string()
          ? parse_duration(value.get<std::string>())
          : Result<std::chrono::milliseconds>(fail(kBadDuration, "A time is a text such as 25h."));
  if (!step) return bad_request(step.error().message, "/advance");
  if (step->count() <= 0) return bad_request("advance is more than no time.", "/advance");
  return [step = *step](Pace pace) -> Result<Pace> {
    const auto offset = offset_of(pace.at, pace.from);
    if (step > kOffsetMax - offset) {
      return fail(kBadDuration, "The clock would be more than 100 years ahead.");
    }
    pace.at += step;
    return pace;
  };
}

Outcome<Clock::Plan> plan_rate(const Json& value) {
  const double rate = value.is_number() ? value.get<double>() : 0;
  if (!(rate >= kRateMin && rate <= kRateMax)) {
    return bad_request("rate is a number from 0.001 to 100000.", "/rate");
  }
  return [rate](Pace pace) -> Result<Pace> {
    pace.rate = rate;
    pace.is_frozen = false;
    return pace;
  };
}

Outcome<Clock::Plan> plan_freeze(const Json& value) {
  if (value != true) return bad_request("freeze is true.", "/freeze");
  return [](Pace pace) -> Result<Pace> {
    pace.is_frozen = true;
    return pace;
  };
}

Outcome<Clock::Plan> plan_normal(const Json& value) {
  if (value != true) return bad_request("normal is true.", "/normal");
  return [](Pace pace) -> Result<Pace> {
    pace.rate = 1;
    pace.is_frozen = false;
    return pace;
  };
}

Outcome<Clock::Plan> plan_of(const Json& body) {
  if (body.size() != 1) {
    return bad_request("The body has one of advance, freeze, rate and normal.");
  }
  const std::string& name = body.begin().key();
  const Json& value = body.begin().value();
  if (name == "advance") return plan_advance(value);
  if (name == "rate") return plan_rate(value);
  if (name == "freeze") return plan_freeze(value);
  if (name == "normal") return plan_normal(value);
  return bad_request("A clock knows advance, freeze, rate and normal.", "/" + name);
}

}  // namespace

Outcome<Reply> show_clock(const Request& request) {
  TRY(check_query(request, {}));
  return show(request.worlds);
}

Outcome<Reply> change_clock(const Request& request) {
  TRY(check_query(request, {}));
  const auto body = TRY(parse_body(request));
  const auto plan = TRY(plan_of(body));
  TRY(require(request.caller, std::nullopt));
  const auto ticket = request.worlds.change_clock(plan);
  if (!ticket) {
    if (ticket.error().code == kBadDuration) {
      return bad_request(ticket.error().message, "/advance");
    }
    return std::unexpected(Fault(ticket.error()));
  }
  Reply reply = show(request.worlds);
  reply.ticket = *ticket;
  reply.note = "clock: " + body.dump() + ", now " + reply.body["now"].get<std::string>();
  return reply;
}

}  // namespace millrace::server::control
