#include "world/worlds.h"

#include <memory>
#include <mutex>
#include <utility>

#include "base/clock.h"
#include "base/error.h"
#include "base/scope.h"
#include "base/try.h"
#include "storage/engine.h"
#include "storage/store.h"
#include "streams/stream_key.h"
#include "world/world.h"

namespace millrace::world {
namespace {

bool is_any(const streams::StreamKey& /*key*/) { return true; }
bool is_none(const streams::StreamKey& /*key*/) { return false; }

}  // namespace

bool ResetScope::means(const Scope& scope) const {
  return (!account || scope.account == *account) && (!region || scope.region == *region);
}

bool ResetScope::means(const streams::StreamKey& key) const {
  return means(key.scope) && (!stream || key.name == *stream);
}

Worlds::Worlds(std::shared_ptr<storage::Store> store, const Outside& outside,
               const Options& options, Seed seed)
    : store_(std::move(store)), outside_(outside), options_(options), seed_(std::move(seed)) {}

Result<std::unique_ptr<Worlds>> Worlds::open(std::shared_ptr<storage::Store> store,
                                             const Outside& outside, const Options& options,
                                             Seed seed) {
  std::unique_ptr<Worlds> worlds(new Worlds(std::move(store), outside, options, std::move(seed)));
  auto first = TRY(World::open(worlds->store_, outside, options));
  TRY(worlds->seed_(*first, is_any));
  worlds->current_.set(std::move(first));
  return worlds;
}

Result<World::Removed> Worlds::reset(const ResetScope& scope, bool with_seeds) {
  const std::lock_guard lock(mutex_);
  if (scope.is_whole()) return reset_whole(with_seeds);
  const auto world = current_.get();
  if (scope.stream) {
    const streams::StreamKey key{{*scope.account, *scope.region}, *scope.stream};
    TRY(world->catalogue().find(key));
  }
  const auto is_meant = [&](const streams::StreamKey& key) { return scope.means(key); };
  const auto removed = TRY(world->remove(
      {is_meant, [&](const Scope& account) { return !scope.stream && scope.means(account); }}));
  if (with_seeds) TRY(seed_(*world, is_meant));
  return removed;
}

Result<World::Removed> Worlds::reset_whole(bool with_seeds) {
  const auto world = current_.get();
  // One that has ended already is here because the next one could not be opened.
  World::Removed removed;
  if (!world->has_ended()) removed = TRY(world->end());
  auto next = TRY(World::open(store_, outside_, options_));
  TRY(seed_(*next, with_seeds ? is_any : is_none));
  current_.set(std::move(next));
  return removed;
}

Result<storage::Ticket> Worlds::change_clock(const Clock::Plan& plan) {
  const std::lock_guard lock(mutex_);
  return current_.get()->change_clock(plan);
}

}  // namespace millrace::world
