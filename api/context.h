// What an operation may use, and what it leaves behind besides its answer.

#pragma once

#include <algorithm>
#include <cstddef>
#include <limits>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "api/event_source.h"
#include "api/kinesis/tokens.h"
#include "api/value.h"
#include "base/clock.h"
#include "storage/engine.h"
#include "streams/accounts.h"
#include "streams/arrivals.h"
#include "streams/catalogue.h"
#include "streams/quota.h"
#include "streams/subscriptions.h"

namespace millrace::api {

// What operations work with; all of it outlives them.
struct Services {
  streams::Catalogue& catalogue;
  streams::Accounts& accounts;
  streams::Quotas& quotas;
  streams::Subscriptions& subscriptions;
  streams::Arrivals& arrivals;
  const Clock& clock;
  Tokens& tokens;
  bool enforces_policies = false;  // Whether other accounts need a resource policy.
};

// Whose call it is.
struct Caller {
  std::string account;  // 12 digits.
  std::string region;
};

struct Context : Services {
  Context(const Services& services, Caller caller, std::string_view operation_name,
          Form request_form)
      : Services(services),
        account(std::move(caller.account)),
        region(std::move(caller.region)),
        operation(operation_name),
        form(request_form) {}

  std::string account;  // 12 digits.
  std::string region;
  std::string_view operation;
  Form form = Form::kJson;

  // Bytes the answer may have: fewer than any answer where peers do not read theirs.
  std::size_t answer_room = std::numeric_limits<std::size_t>::max();

  // The answer is given when this is durable.
  storage::Ticket ticket = 0;

  // When records are written: with others only if the caller sees to it that they are.
  storage::When when = storage::When::kNow;

  // What the answer goes on with, where it is a stream of events.
  std::unique_ptr<EventSource> events;

  void wait_for(storage::Ticket written) { ticket = std::max(ticket, written); }
};

}  // namespace millrace::api
