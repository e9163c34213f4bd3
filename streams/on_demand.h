// How on-demand streams grow: a pure function of the load observed and of now.
//
// The service's own rule is not published, so this one is ours:
//
// - Load is counted per shard in windows of fixed length that begin at multiples of it. When a
//   window has passed, each shard whose mean was above half of what a shard takes (1 MiB or 1,000
//   records a second) is split at its middle, the busiest first.
// - Open shards are at most twice the peak, and the peak is the highest throughput of a window, in
//   shards' worth and at least 4, over the last 30 days up to the quarter of an hour under way: so
//   capacity at most doubles in 15 minutes. They are never more than 200 (200 MiB a second).
// - Shards are never merged.
//
// docs/compatibility.md tells it to users.

#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <vector>

#include "base/time_point.h"
#include "streams/shard_map.h"

namespace millrace::streams {

inline constexpr std::uint32_t kOnDemandShardsMin = 4;
inline constexpr std::uint32_t kOnDemandShardsMax = 200;
inline constexpr std::chrono::seconds kOnDemandWindow{60};
inline constexpr std::chrono::minutes kPeakSlot{15};
inline constexpr std::chrono::days kPeakLife{30};
inline constexpr std::uint64_t kShardBytesPerSecond = 1UL << 20U;
inline constexpr std::uint64_t kShardRecordsPerSecond = 1000;

struct ShardLoad {
  std::uint64_t bytes = 0;  // Of data and partition keys.
  std::uint64_t records = 0;
};
using WindowLoad = std::map<std::uint32_t, ShardLoad>;  // By the shard's index.

// The highest throughput of a quarter of an hour, in shards' worth, rounded up.
struct Peak {
  TimePoint slot_start{};
  std::uint32_t shards = 0;

  friend bool operator==(const Peak&, const Peak&) = default;
};
using Peaks = std::vector<Peak>;  // By time; all but the newest ones fall from one to the next.

// Notes a window's load that ended at `end`. What has become irrelevant is left out, so there are
// never more than kOnDemandShardsMax + 1.
void note_peak(Peaks& peaks, const WindowLoad& load, std::chrono::seconds window, TimePoint end);

// How many open shards a stream may have at `now`.
[[nodiscard]] std::uint32_t on_demand_shards_max(const Peaks& peaks, TimePoint now);

// The splits that follow from a window's load, so that no more than `shards_max` shards are open.
[[nodiscard]] std::vector<Reshard> plan_growth(const ShardMap& shards, const WindowLoad& load,
                                               std::chrono::seconds window,
                                               std::uint32_t shards_max);

// Counts the load of one stream. Thread-safe. Nothing of it is stored: a restart begins a new
// window.
class LoadMeter {
 public:
  explicit LoadMeter(std::chrono::seconds window) : window_(window) {}

  void add(std::uint32_t shard_index, const ShardLoad& load, TimePoint now);

  struct Finished {
    WindowLoad load;
    TimePoint end{};
  };
  // Whether a window with load has passed and was not taken.
  [[nodiscard]] bool has_finished(TimePoint now) const;
  // Takes it; and puts it back, because nothing could be made of it.
  std::optional<Finished> take_finished(TimePoint now);
  void give_back(Finished finished);

  [[nodiscard]] std::chrono::seconds window() const { return window_; }

 private:
  [[nodiscard]] std::int64_t number_of(TimePoint now) const {
    return seconds_of(now) / window_.count();
  }

  struct Window {
    std::int64_t number = 0;
    WindowLoad load;
  };

  const std::chrono::seconds window_;
  mutable std::mutex mutex_;
  std::vector<Window> windows_;  // At most two: the current one, and one that was not taken yet.
};

}  // namespace millrace::streams
