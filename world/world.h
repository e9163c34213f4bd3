// All state that operations work on.
//
// A world lasts until it is reset: another one takes its place then, over the same store. Whoever
// works on one holds it for as long, so that a call ends in the world it began in; what it writes
// for an ended one is refused.

#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string_view>

#include "base/alarm_thread.h"
#include "base/alarms.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/pace.h"
#include "base/scope.h"
#include "base/sealer.h"
#include "base/time_point.h"
#include "base/wall_clock.h"
#include "storage/arrivals.h"
#include "storage/engine.h"
#include "storage/store.h"
#include "streams/accounts.h"
#include "streams/catalogue.h"
#include "streams/quota.h"
#include "streams/subscriptions.h"
#include "streams/surroundings.h"

namespace millrace::world {

struct Options {
  streams::CatalogueOptions catalogue;
  streams::SubscriptionOptions subscriptions;
  streams::LimitsMode limits = streams::LimitsMode::kOff;
  bool enforces_policies = false;  // Whether other accounts need a resource policy.
};

// What is outside of all worlds, and outlives them.
struct Outside {
  const WallClock& wall;  // Of what others date: keys and certificates.
  const Sealer& sealer;
  // These must not block or use the world.
  std::function<void(std::string_view limit)> on_exceeded = [](std::string_view) {};
  std::function<void(const streams::Transition&)> on_transition = [](const streams::Transition&) {};
  std::function<void()> on_offset_max = [] {};  // The clock's rate has fallen to 1.
  // Has work done that may wait for the store. Without it nothing happens by itself: a test calls
  // Clock::ring() and expire().
  std::function<void(std::function<void()>)> run_later = {};
};

class World : public std::enable_shared_from_this<World> {
 public:
  // Loads what the store holds. Errors: kInternalFailure for a damaged row; the engine's.
  [[nodiscard]] static Result<std::shared_ptr<World>> open(std::shared_ptr<storage::Store> store,
                                                           const Outside& outside,
                                                           const Options& options);
  World(const World&) = delete;
  World& operator=(const World&) = delete;
  ~World() = default;

  [[nodiscard]] storage::Engine& engine() const { return store_->engine(); }
  [[nodiscard]] storage::Arrivals& arrivals() const { return store_->arrivals(); }
  [[nodiscard]] streams::Catalogue& catalogue() const { return *catalogue_; }
  [[nodiscard]] streams::Accounts& accounts() const { return *accounts_; }
  [[nodiscard]] streams::Quotas& quotas() const { return quotas_; }
  [[nodiscard]] streams::Subscriptions& subscriptions() const { return subscriptions_; }
  [[nodiscard]] const Clock& clock() const { return clock_; }
  [[nodiscard]] const WallClock& wall_clock() const { return outside_.wall; }
  [[nodiscard]] const Sealer& sealer() const { return outside_.sealer; }
  [[nodiscard]] bool enforces_policies() const { return options_.enforces_policies; }

  // How far product time was raised at opening, to where an earlier process had come.
  [[nodiscard]] std::chrono::milliseconds raised_by() const { return raised_by_; }

  // Whether all of it is gone: another one has taken its place, or is about to.
  [[nodiscard]] bool has_ended() const { return has_ended_.load(); }

  // Changes the pace of the clock, for good. Returns the ticket of the write. Errors: the plan's,
  // the engine's; the pace is as before then.
  [[nodiscard]] Result<storage::Ticket> change_clock(const Clock::Plan& plan);

  // Moves trim points to where retention has them, forgets shards that have expired, and drops what
  // is left of deleted streams. What fails is tried again by the next call.
  void expire();

  // Which streams and accounts a removal means.
  struct Meant {
    std::function<bool(const streams::StreamKey&)> stream;
    std::function<bool(const Scope&)> account;
  };
  struct Removed {
    std::size_t streams = 0;
    storage::Ticket ticket = 0;
  };
  // Takes away at once, in one write, the streams and what belongs to the accounts that are meant.
  // Errors: the engine's; nothing is gone then.
  [[nodiscard]] Result<Removed> remove(const Meant& meant);

  // Takes away all there is, and ends the world. The clock of the next one goes by the wall clock
  // again. Errors: the engine's; the world goes on then.
  [[nodiscard]] Result<Removed> end();

 private:
  World(std::shared_ptr<storage::Store> store, const Outside& outside, const Options& options,
        std::uint64_t number, const Pace& pace);

  [[nodiscard]] Result<Removed> remove_with(const Meant& meant, const storage::TableBatch& more);
  void arm_housekeeping();
  void watch_offset();

  const std::shared_ptr<storage::Store> store_;
  const Outside outside_;
  const Options options_;
  const std::uint64_t number_;
  Clock clock_;
  TimePoint earlier_worlds_{};
  std::chrono::milliseconds raised_by_{0};
  mutable streams::Quotas quotas_;
  mutable streams::Subscriptions subscriptions_;
  std::unique_ptr<streams::Catalogue> catalogue_;
  std::unique_ptr<streams::Accounts> accounts_;
  std::atomic<bool> has_ended_{false};
  Alarms::Token housekeeping_;
  Alarms::Token offset_watch_;
  std::optional<AlarmThread> alarm_thread_;  // Ends first.
};

}  // namespace millrace::world
