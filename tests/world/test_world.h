// Worlds over an engine in memory, under clocks that a test moves.

#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <utility>

#include "base/digest.h"
#include "base/random.h"
#include "base/sealer.h"
#include "base/time_point.h"
#include "base/wall_clock.h"
#include "storage/memory_engine.h"
#include "storage/store.h"
#include "world/world.h"
#include "world/worlds.h"

namespace millrace::world {

class TestWorlds {
 public:
  static constexpr WallTime kStart = wall_from_millis(1'700'000'000'000);

  explicit TestWorlds(const Options& options = {}, std::uint64_t seed = 7) : options_(options) {
    auto engine = std::make_unique<storage::MemoryEngine>(seed);
    memory_ = engine.get();
    store_ = storage::Store::open(std::move(engine)).value();
    reopen();
  }

  // As a restart does: everything but the store, the wall clock and the key is made anew.
  void reopen() {
    worlds_.reset();
    worlds_ = Worlds::open(store_, {wall_, sealer_}, options_, seed_).value();
  }

  // Applies to the next reopen() and what follows it.
  void set(const Options& options, Worlds::Seed seed) {
    options_ = options;
    seed_ = std::move(seed);
  }

  [[nodiscard]] Worlds& worlds() { return *worlds_; }
  [[nodiscard]] std::shared_ptr<const World> current() const { return worlds_->current(); }
  [[nodiscard]] storage::MemoryEngine& engine() { return *memory_; }
  [[nodiscard]] const Sealer& sealer() const { return sealer_; }
  [[nodiscard]] ManualWallClock& wall() { return wall_; }
  [[nodiscard]] TimePoint now() const { return current()->clock().now(); }

  // Moves the wall clock, and has alarms ring that come due.
  void advance(std::chrono::milliseconds step) {
    wall_.advance(step);
    current()->clock().ring();
  }

 private:
  ManualWallClock wall_{kStart};
  SeededRandom random_{1};
  Sealer sealer_{SealKey{}, random_};
  Options options_;
  Worlds::Seed seed_ = [](const World&, const streams::Catalogue::Meant&) {
    return Result<void>{};
  };
  storage::MemoryEngine* memory_ = nullptr;  // The store's.
  std::shared_ptr<storage::Store> store_;
  std::unique_ptr<Worlds> worlds_;
};

}  // namespace millrace::world
