// All state that operations work on, in one place.
//
// Everything it names outlives it.

#pragma once

#include "base/clock.h"
#include "base/sealer.h"
#include "streams/accounts.h"
#include "streams/arrivals.h"
#include "streams/catalogue.h"
#include "streams/quota.h"
#include "streams/subscriptions.h"

namespace millrace::world {

struct World {
  streams::Catalogue& catalogue;
  streams::Accounts& accounts;
  streams::Quotas& quotas;
  streams::Subscriptions& subscriptions;
  streams::Arrivals& arrivals;
  const Clock& clock;
  const WallClock& wall_clock;  // Of what others date: keys and certificates.
  const Sealer& sealer;
  bool enforces_policies = false;  // Whether other accounts need a resource policy.
};

}  // namespace millrace::world
