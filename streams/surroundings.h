// What all streams share: how long their changes take, how many shards there may be, and who hears
// of what happens to them.

#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string_view>
#include <utility>

#include "base/clock.h"
#include "base/error.h"
#include "storage/engine.h"
#include "streams/on_demand.h"
#include "streams/quota.h"
#include "streams/stream_key.h"

namespace millrace::streams {

// How long each transition takes.
struct TransitionDelays {
  std::chrono::milliseconds create{0};
  std::chrono::milliseconds remove{0};
  std::chrono::milliseconds reshard{0};
  std::chrono::milliseconds update{0};    // Of settings: encryption, mode, sizes.
  std::chrono::milliseconds consumer{0};  // CREATING and DELETING of a consumer.
};

// Of an account in a region, where limits are enforced; the service's largest default.
inline constexpr std::size_t kAccountShardsMax = 20'000;

// How far the service's numbers start before the call that makes the shards, in seconds.
inline constexpr std::int64_t kShardsBeforeStream = 2;

// Of all streams, open or closed: each takes about 300 bytes for as long as it is there, whatever
// the limits of accounts.
inline constexpr std::size_t kShardsHeldMax = 200'000;

struct CatalogueOptions {
  TransitionDelays delays;
  std::chrono::seconds load_window = kOnDemandWindow;
  std::size_t account_shards_max = kAccountShardsMax;
  std::size_t shards_held_max = kShardsHeldMax;
};

// A stream has passed from one state to another, by the service's names for them; "none" is that
// before it was created and after its end.
struct Transition {
  const StreamKey& stream;
  std::string_view from;
  std::string_view to;
  std::size_t shards_closed = 0;
  std::size_t shards_opened = 0;
};

// How many shards all streams hold, open or closed. Thread-safe.
class ShardsHeld {
 public:
  explicit ShardsHeld(std::size_t max) : max_(max) {}

  // Whether there is room for so many shards more, of a stream whose next one gets `next_index`.
  // Errors: shard_limit_exceeded, if all streams together would have too many, or if the stream has
  // had as many as a log's id can tell apart.
  [[nodiscard]] Result<void> check(const StreamKey& key, std::uint32_t next_index,
                                   std::size_t additional) const;

  void change(std::size_t before, std::size_t after) { count_ += after - before; }

 private:
  const std::size_t max_;
  std::atomic<std::size_t> count_{0};
};

struct Surroundings {
  Surroundings(storage::Engine& store, Clock& time, Quotas& limits,
               const CatalogueOptions& settings, storage::Fence wanted)
      : engine(store),
        clock(time),
        quotas(limits),
        options(settings),
        fence(std::move(wanted)),
        shards_held(settings.shards_held_max) {}

  storage::Engine& engine;
  Clock& clock;
  Quotas& quotas;
  const CatalogueOptions options;
  const storage::Fence fence;
  ShardsHeld shards_held;

  // Hear of the end of a shard, and of transitions. Set once, before the first change; they must
  // not block or call the catalogue.
  std::function<void(storage::LogId)> on_shard_end = [](storage::LogId) {};
  std::function<void(const Transition&)> on_transition = [](const Transition&) {};
};

}  // namespace millrace::streams
