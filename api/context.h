// What an operation may use, and what it leaves behind besides its answer.

#pragma once

#include <algorithm>
#include <string>

#include "api/tokens.h"
#include "base/clock.h"
#include "storage/engine.h"
#include "streams/catalogue.h"

namespace millrace::api {

struct Context {
  streams::Catalogue& catalogue;
  const Clock& clock;
  Tokens& tokens;
  std::string account;  // 12 digits.
  std::string region;

  // The answer is given when this is durable.
  storage::Ticket ticket = 0;

  void wait_for(storage::Ticket written) { ticket = std::max(ticket, written); }
};

}  // namespace millrace::api
