// The server without sockets: operations run on JSON bodies as the dispatcher runs them, over a
// store that outlives it.

#pragma once

#include <chrono>
#include <memory>
#include <string_view>

#include "api/value.h"
#include "base/clock.h"
#include "base/digest.h"
#include "base/random.h"
#include "base/sealer.h"
#include "storage/memory_engine.h"
#include "storage/spaces.h"
#include "streams/accounts.h"
#include "streams/arrivals.h"
#include "streams/catalogue.h"
#include "streams/maintenance.h"
#include "streams/quota.h"
#include "streams/subscriptions.h"
#include "tests/sequences/model.h"

namespace millrace::sequences {

class ServerSide {
 public:
  explicit ServerSide(const Delays& delays);

  // Makes everything anew but the store, the clock and the key of the tokens.
  void restart();

  // What the retention timer does.
  void expire() { streams::expire(*catalogue_, engine_); }

  void advance(Millis step) { clock_.advance(std::chrono::milliseconds(step)); }
  [[nodiscard]] Millis now() const { return millis_of(clock_.now()); }

  // The decoded answer; null where the operation has none.
  Answer<api::Value> call(std::string_view operation, std::string_view body);

 private:
  ManualClock clock_{time_from_millis(1'700'000'000'123)};
  storage::MemoryEngine engine_{clock_, 7};
  streams::Quotas quotas_{streams::LimitsMode::kOff, clock_, [](std::string_view) {}};
  streams::Subscriptions subscriptions_{clock_, {}};
  streams::Arrivals arrivals_{engine_};
  SeededRandom random_{1};
  ManualWallClock wall_{wall_from_millis(1'700'000'000'000)};
  Sealer sealer_{SealKey{}, random_};
  streams::CatalogueOptions options_;
  std::unique_ptr<storage::IdSource> ids_;
  std::unique_ptr<streams::Catalogue> catalogue_;
  std::unique_ptr<streams::Accounts> accounts_;
};

}  // namespace millrace::sequences
