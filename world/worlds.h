// The world that answers now, and how another one takes its place.

#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "base/clock.h"
#include "base/current.h"
#include "base/error.h"
#include "storage/store.h"
#include "streams/catalogue.h"
#include "streams/stream_key.h"
#include "world/world.h"

namespace millrace::world {

// What a reset takes away: all, or what belongs to an account, to a region, to both, or a stream.
struct ResetScope {
  std::optional<std::string> account;
  std::optional<std::string> region;
  std::optional<std::string> stream;  // With account and region.

  [[nodiscard]] bool is_whole() const { return !account && !region && !stream; }
  [[nodiscard]] bool means(const Scope& scope) const;
  [[nodiscard]] bool means(const streams::StreamKey& key) const;
};

class Worlds {
 public:
  // Creates in a world what is declared of the streams that are meant.
  using Seed = std::function<Result<void>(const World&, const streams::Catalogue::Meant&)>;

  // Opens the world that `store` holds, and seeds it. Errors: those of World::open() and `seed`.
  [[nodiscard]] static Result<std::unique_ptr<Worlds>> open(std::shared_ptr<storage::Store> store,
                                                            const Outside& outside,
                                                            const Options& options, Seed seed);

  // Whoever holds it works in it to the end, also when another one has taken its place.
  [[nodiscard]] std::shared_ptr<const World> current() const { return current_.get(); }

  // Takes away what `scope` says and, `with_seeds`, creates again what is declared of it; one reset
  // at a time. Without anything in its scope the whole world ends and another one takes its place.
  // Errors: stream_not_found for a stream that is not there, and nothing is changed then; those of
  // World::remove() and end(); those of opening and seeding, when it is gone already.
  [[nodiscard]] Result<World::Removed> reset(const ResetScope& scope, bool with_seeds);

  // Changes the clock of the current world; see World::change_clock().
  [[nodiscard]] Result<storage::Ticket> change_clock(const Clock::Plan& plan);

 private:
  Worlds(std::shared_ptr<storage::Store> store, const Outside& outside, const Options& options,
         Seed seed);

  [[nodiscard]] Result<World::Removed> reset_whole(bool with_seeds);

  const std::shared_ptr<storage::Store> store_;
  const Outside outside_;
  const Options options_;
  const Seed seed_;
  std::mutex mutex_;  // One change of worlds at a time; taken before all other locks.
  Current<World> current_;
};

}  // namespace millrace::world
