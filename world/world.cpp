#include "world/world.h"

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <tuple>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/error.h"
#include "base/pace.h"
#include "base/scope.h"
#include "base/try.h"
#include "storage/engine.h"
#include "storage/errors.h"
#include "storage/store.h"
#include "streams/accounts.h"
#include "streams/catalogue.h"
#include "streams/dropped_shards.h"
#include "streams/maintenance.h"
#include "streams/row_codec.h"
#include "streams/stream.h"
#include "streams/stream_key.h"
#include "world/world_rows.h"

namespace millrace::world {
namespace {

// Of product time; when it runs fast, no more often than a worker comes to it.
constexpr std::chrono::seconds kHousekeepingPeriod{60};
// How often a removal is made anew because streams have changed meanwhile.
constexpr int kAttemptsMax = 100;

storage::TableBatch::Expectation fence_of(std::uint64_t number) {
  if (number == 0) return {rows::number_key(), std::nullopt};
  return {rows::number_key(), streams::rows::encode_number(number)};
}

}  // namespace

World::World(std::shared_ptr<storage::Store> store, const Outside& outside, const Options& options,
             std::uint64_t number, const Pace& pace)
    : store_(std::move(store)),
      outside_(outside),
      options_(options),
      number_(number),
      clock_(outside_.wall, pace),
      quotas_(options.limits, clock_, outside_.on_exceeded),
      subscriptions_(clock_, options.subscriptions) {}

Result<std::shared_ptr<World>> World::open(std::shared_ptr<storage::Store> store,
                                           const Outside& outside, const Options& options) {
  storage::Engine& engine = store->engine();
  const auto number_row = TRY(engine.get(rows::number_key()));
  const auto clock_row = TRY(engine.get(rows::clock_key()));
  const auto number = number_row ? streams::rows::decode_number(*number_row) : std::uint64_t{0};
  const auto clock = clock_row ? rows::decode_clock(*clock_row) : rows::ClockRow{};
  if (!number || !clock) return streams::rows::damaged();

  std::shared_ptr<World> world(new World(std::move(store), outside, options, *number, clock->pace));
  const auto offset = world->clock_.offset();
  // The newest arrival of an earlier world is no floor of this one.
  if (engine.newest_arrival() > clock->earlier_worlds) {
    world->clock_.raise_floor(engine.newest_arrival());
  }
  world->earlier_worlds_ = clock->earlier_worlds;
  const storage::Fence fence = fence_of(*number);
  world->catalogue_ = TRY(streams::Catalogue::open(engine, world->store_->ids(), world->clock_,
                                                   world->quotas_, options.catalogue, fence));
  world->catalogue_->on_shard_end(
      [arrivals = &world->arrivals()](storage::LogId log) { arrivals->wake(log); });
  world->catalogue_->on_transition(outside.on_transition);
  world->accounts_ = TRY(streams::Accounts::open(engine, world->clock_, fence));
  world->raised_by_ = world->clock_.offset() - offset;
  if (outside.run_later) {
    world->alarm_thread_.emplace(world->clock_);
    world->arm_housekeeping();
    world->watch_offset();
  }
  return world;
}

Result<storage::Ticket> World::change_clock(const Clock::Plan& plan) {
  storage::Ticket ticket = 0;
  const auto keep = [&](const Pace& wanted) -> Result<void> {
    storage::TableBatch batch;
    batch.expect(fence_of(number_));
    batch.put(rows::clock_key(), rows::encode({wanted, earlier_worlds_}));
    ticket = TRY(engine().write(batch));
    return {};
  };
  TRY(clock_.change(plan, keep));
  watch_offset();
  return ticket;
}

void World::expire() { streams::expire(*catalogue_, engine()); }

void World::arm_housekeeping() {
  housekeeping_ = clock_.wake_at(clock_.now() + kHousekeepingPeriod, [this] {
    outside_.run_later([weak = weak_from_this()] {
      const auto world = weak.lock();
      if (!world || world->has_ended()) return;
      world->expire();
      world->arm_housekeeping();
    });
  });
}

void World::watch_offset() {
  const auto due = offset_max_at(clock_.pace());
  if (!due || !outside_.run_later) return;
  offset_watch_ = clock_.wake_at(*due, [this] {
    outside_.run_later([weak = weak_from_this()] {
      const auto world = weak.lock();
      if (!world || world->has_ended()) return;
      bool is_reached = false;
      const auto slowed = world->change_clock([&](Pace pace) -> Result<Pace> {
        is_reached = pace.rate > 1 && offset_of(pace.at, pace.from) >= kOffsetMax;
        if (is_reached) pace.rate = 1;
        return pace;
      });
      if (slowed && is_reached) world->outside_.on_offset_max();
    });
  });
}

Result<World::Removed> World::remove(const Meant& meant) { return remove_with(meant, {}); }

Result<World::Removed> World::end() {
  const Meant everything{[](const streams::StreamKey&) { return true; },
                         [](const Scope&) { return true; }};
  Removed removed;
  // No time is given after the one that the next world is told of.
  const auto freeze = [](Pace pace) -> Result<Pace> {
    pace.is_frozen = true;
    return pace;
  };
  const auto remove_all = [&](const Pace& last) -> Result<void> {
    storage::TableBatch batch;
    batch.put(rows::number_key(), streams::rows::encode_number(number_ + 1));
    batch.put(rows::clock_key(), rows::encode({Pace{}, last.at}));
    removed = TRY(remove_with(everything, batch));
    has_ended_ =
        true;  // Not before: whoever sees it runs again what was written, and finds nothing.
    return {};
  };
  TRY(clock_.change(freeze, remove_all));
  return removed;
}

Result<World::Removed> World::remove_with(const Meant& meant, const storage::TableBatch& more) {
  for (int attempt = 1;; ++attempt) {
    storage::TableBatch batch = more;
    batch.expect(fence_of(number_));
    const std::vector<streams::StreamPointer> streams = catalogue_->held(meant.stream);
    for (const auto& stream : streams) stream->add_removal(batch);
    TRY(accounts_->add_removal(batch, meant.account));
    const auto ticket = engine().write(batch);
    if (ticket) {
      for (const auto& stream : streams) std::ignore = stream->finish_removal();
      if (outside_.run_later) {
        // What fails is tried again by expire(), of whatever world.
        outside_.run_later(
            [store = store_] { std::ignore = streams::finish_drops(store->engine()); });
      }
      return Removed{streams.size(), *ticket};
    }
    const bool was_changed = ticket.error().code == storage::kConflict;
    if (!was_changed || attempt == kAttemptsMax) return std::unexpected(ticket.error());
  }
}

}  // namespace millrace::world
