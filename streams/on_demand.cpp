#include "streams/on_demand.h"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <mutex>
#include <optional>
#include <utility>
#include <vector>

#include "base/time_point.h"
#include "streams/shard_map.h"

namespace millrace::streams {
namespace {

// Both in thousandths of what one shard takes, of which the larger counts.
std::uint64_t mean_permille(const ShardLoad& load, std::chrono::seconds window) {
  const auto seconds = static_cast<std::uint64_t>(window.count());
  return std::max(load.bytes * 1000 / (kShardBytesPerSecond * seconds),
                  load.records * 1000 / (kShardRecordsPerSecond * seconds));
}

TimePoint slot_of(TimePoint time) {
  const std::int64_t slot = std::chrono::milliseconds(kPeakSlot).count();
  return time_from_millis(millis_of(time) / slot * slot);
}

std::uint32_t shards_worth(const WindowLoad& load, std::chrono::seconds window) {
  ShardLoad total;
  for (const auto& [index, shard] : load) {
    total.bytes += shard.bytes;
    total.records += shard.records;
  }
  const std::uint64_t shards = (mean_permille(total, window) + 999) / 1000;
  return static_cast<std::uint32_t>(std::min<std::uint64_t>(shards, kOnDemandShardsMax));
}

}  // namespace

void note_peak(Peaks& peaks, const WindowLoad& load, std::chrono::seconds window, TimePoint end) {
  std::erase_if(peaks, [&](const Peak& peak) { return peak.slot_start + kPeakLife < end; });
  const std::uint32_t shards = shards_worth(load, window);
  if (shards <= kOnDemandShardsMin) return;  // Every stream may have twice that anyway.
  const TimePoint slot = slot_of(end - std::chrono::milliseconds(1));
  if (!peaks.empty() && peaks.back().slot_start == slot) {
    peaks.back().shards = std::max(peaks.back().shards, shards);
    return;
  }
  // The newest so far is whole now: what is older and no higher never counts again.
  if (!peaks.empty()) {
    const Peak newest = peaks.back();
    std::erase_if(peaks, [&](const Peak& peak) {
      return peak.slot_start < newest.slot_start && peak.shards <= newest.shards;
    });
  }
  peaks.push_back({slot, shards});
}

std::uint32_t on_demand_shards_max(const Peaks& peaks, TimePoint now) {
  std::uint32_t peak = kOnDemandShardsMin;
  for (const Peak& entry : peaks) {
    const bool counts = entry.slot_start < slot_of(now) && entry.slot_start + kPeakLife >= now;
    if (counts) peak = std::max(peak, entry.shards);
  }
  return std::min(2 * peak, kOnDemandShardsMax);
}

std::vector<Reshard> plan_growth(const ShardMap& shards, const WindowLoad& load,
                                 std::chrono::seconds window, std::uint32_t shards_max) {
  constexpr std::uint64_t kHalf = 500;  // Permille.
  std::vector<std::pair<std::uint64_t, std::uint32_t>> busy;
  for (const Shard* shard : shards.open_shards()) {
    const auto found = load.find(shard->index);
    if (found == load.end() || shard->range.start == shard->range.end) continue;
    const std::uint64_t mean = mean_permille(found->second, window);
    if (mean > kHalf) busy.emplace_back(mean, shard->index);
  }
  std::ranges::sort(busy, [](const auto& a, const auto& b) {
    return a.first != b.first ? a.first > b.first : a.second < b.second;
  });
  std::vector<Reshard> steps;
  for (const auto& [mean, index] : busy) {
    if (shards.open_count() + steps.size() >= shards_max) break;
    const HashRange& range = shards.find(index)->range;
    steps.emplace_back(Split{index, range.start + (range.end - range.start) / 2 + 1});
  }
  return steps;
}

void LoadMeter::add(std::uint32_t shard_index, const ShardLoad& load, TimePoint now) {
  const std::lock_guard lock(mutex_);
  const std::int64_t number = number_of(now);
  if (windows_.empty() || windows_.back().number != number) {
    if (windows_.size() == 2) windows_.erase(windows_.begin());
    windows_.push_back({number, {}});
  }
  ShardLoad& total = windows_.back().load[shard_index];
  total.bytes += load.bytes;
  total.records += load.records;
}

bool LoadMeter::has_finished(TimePoint now) const {
  const std::lock_guard lock(mutex_);
  return !windows_.empty() && windows_.front().number < number_of(now);
}

std::optional<LoadMeter::Finished> LoadMeter::take_finished(TimePoint now) {
  const std::lock_guard lock(mutex_);
  std::optional<Finished> finished;
  // Of two the newer one counts: nobody looked at the older one in time.
  while (!windows_.empty() && windows_.front().number < number_of(now)) {
    Window& window = windows_.front();
    finished = Finished{std::move(window.load),
                        time_from_millis((window.number + 1) * window_.count() * 1000)};
    windows_.erase(windows_.begin());
  }
  return finished;
}

void LoadMeter::give_back(Finished finished) {
  const std::lock_guard lock(mutex_);
  if (windows_.size() == 2) return;  // A newer one has passed since.
  windows_.insert(windows_.begin(),
                  {seconds_of(finished.end) / window_.count() - 1, std::move(finished.load)});
}

}  // namespace millrace::streams
