// A store in memory with all that operations work on, the same for every input.

#pragma once

#include <memory>
#include <optional>
#include <string_view>

#include "base/clock.h"
#include "base/digest.h"
#include "base/random.h"
#include "base/sealer.h"
#include "storage/memory_engine.h"
#include "storage/spaces.h"
#include "streams/accounts.h"
#include "streams/arrivals.h"
#include "streams/catalogue.h"
#include "streams/quota.h"
#include "streams/subscriptions.h"
#include "tests/fuzz/fuzz.h"
#include "world/world.h"

namespace millrace::fuzz {

inline constexpr std::string_view kAccount = "000000000000";
inline constexpr std::string_view kRegion = "us-east-1";

// Has one stream, `a`.
struct World {
  ManualClock clock{time_from_millis(1'700'000'000'000)};
  storage::MemoryEngine engine{clock, 1};
  streams::Quotas quotas{streams::LimitsMode::kOff, clock, [](std::string_view) {}};
  streams::Subscriptions subscriptions{clock, {}};
  streams::Arrivals arrivals{engine};
  std::unique_ptr<storage::IdSource> ids;
  std::unique_ptr<streams::Catalogue> catalogue;
  std::unique_ptr<streams::Accounts> accounts;
  SeededRandom random{1};
  ManualWallClock wall{wall_from_millis(1'700'000'000'000)};
  Sealer sealer{SealKey{}, random};

  World() {
    auto source = storage::IdSource::open(engine);
    require(source.has_value());
    ids = std::move(*source);
    auto opened = streams::Catalogue::open(engine, *ids, clock, quotas, {});
    require(opened.has_value());
    catalogue = std::move(*opened);
    auto settings = streams::Accounts::open(engine, clock);
    require(settings.has_value());
    accounts = std::move(*settings);
    streams::NewStream stream;
    stream.key = {std::string(kAccount), std::string(kRegion), "a"};
    require(catalogue->create(stream).has_value());
  }

  // Outlived by this, and good until it is asked for again.
  [[nodiscard]] const world::World& state() {
    return state_.emplace(world::World{*catalogue, *accounts, quotas, subscriptions, arrivals,
                                       clock, wall, sealer, false});
  }

 private:
  std::optional<world::World> state_;
};

}  // namespace millrace::fuzz
