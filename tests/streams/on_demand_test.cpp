#include "streams/on_demand.h"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include "base/time_point.h"
#include "base/uint128.h"
#include "streams/shard_map.h"

namespace millrace::streams {
namespace {

using namespace std::chrono_literals;

constexpr std::chrono::seconds kWindow{60};
constexpr std::uint64_t kHalfBytes = kShardBytesPerSecond / 2 * 60;
constexpr std::uint64_t kHalfRecords = kShardRecordsPerSecond / 2 * 60;
const TimePoint kStart = time_from_millis(1'700'000'100'000);  // The start of a quarter of an hour.

// A window in which the stream took so many shards' worth of bytes.
WindowLoad load_of(std::uint64_t shards) { return {{0, {shards * kShardBytesPerSecond * 60, 1}}}; }

std::vector<std::uint32_t> split_shards(const std::vector<Reshard>& steps) {
  std::vector<std::uint32_t> shards;
  for (const Reshard& step : steps) shards.push_back(std::get<Split>(step).shard);
  return shards;
}

}  // namespace

TEST_CASE("a shard splits when its mean is above half of what it takes, in bytes or in records") {
  struct Row {
    ShardLoad load;
    bool splits;
  };
  const ShardMap shards = ShardMap::uniform(4, 0);
  for (const Row& row : {Row{{kHalfBytes, 0}, false}, Row{{kHalfBytes + kHalfBytes / 100, 0}, true},
                         Row{{0, kHalfRecords}, false}, Row{{0, kHalfRecords + 300}, true},
                         Row{{kHalfBytes, kHalfRecords}, false}, Row{{0, 0}, false}}) {
    CAPTURE(row.load.bytes);
    CAPTURE(row.load.records);
    const auto steps = plan_growth(shards, {{2, row.load}}, kWindow, 8);
    CHECK(split_shards(steps) ==
          (row.splits ? std::vector<std::uint32_t>{2} : std::vector<std::uint32_t>{}));
  }
}

TEST_CASE("it splits at its middle") {
  const ShardMap shards = ShardMap::uniform(1, 0);

  const auto steps = plan_growth(shards, load_of(1), kWindow, 8);

  REQUIRE(steps.size() == 1);
  CHECK(std::get<Split>(steps[0]).at == uint128{1} << 127U);
}

TEST_CASE("the busiest shards split first, as far as there is room") {
  const ShardMap shards = ShardMap::uniform(4, 0);
  const WindowLoad load = {{0, {kHalfBytes + kHalfBytes / 2, 0}},
                           {1, {kHalfBytes * 2, 0}},
                           {2, {0, kHalfRecords * 3}},
                           {3, {kHalfBytes / 2, 0}}};

  CHECK(split_shards(plan_growth(shards, load, kWindow, 8)) == std::vector<std::uint32_t>{2, 1, 0});
  CHECK(split_shards(plan_growth(shards, load, kWindow, 5)) == std::vector<std::uint32_t>{2});
  CHECK(plan_growth(shards, load, kWindow, 4).empty());
}

TEST_CASE("a stream without load may have twice four shards") {
  CHECK(on_demand_shards_max({}, kStart) == 8);
}

TEST_CASE("a peak counts from the next quarter of an hour on, for 30 days") {
  Peaks peaks;
  note_peak(peaks, load_of(10), kWindow, kStart + 1min);

  CHECK(on_demand_shards_max(peaks, kStart + 14min) == 8);
  CHECK(on_demand_shards_max(peaks, kStart + 15min) == 20);
  CHECK(on_demand_shards_max(peaks, kStart + std::chrono::days(30)) == 20);
  CHECK(on_demand_shards_max(peaks, kStart + std::chrono::days(30) + 1min) == 8);
}

TEST_CASE("more than 200 shards are never allowed") {
  Peaks peaks;
  note_peak(peaks, load_of(150), kWindow, kStart + 1min);
  CHECK(on_demand_shards_max(peaks, kStart + 1h) == 200);
}

TEST_CASE("the highest peak of the last 30 days counts, and no more are kept than can") {
  Peaks peaks;
  std::vector<std::pair<TimePoint, std::uint32_t>> all;
  std::uint32_t shards = 5;
  for (int i = 0; i < 500; ++i) {
    shards = 5 + (shards * 7 + static_cast<std::uint32_t>(i)) % 90;
    const TimePoint end = kStart + i * 3h + 1min;
    note_peak(peaks, load_of(shards), kWindow, end);
    all.emplace_back(kStart + i * 3h, shards);

    const TimePoint now = end + 15min;
    std::uint32_t highest = kOnDemandShardsMin;
    for (const auto& [slot, peak] : all) {
      if (slot + std::chrono::days(30) >= now) highest = std::max(highest, peak);
    }
    CHECK(on_demand_shards_max(peaks, now) == std::min(2 * highest, kOnDemandShardsMax));
    CHECK(peaks.size() <= 100);
  }
}

TEST_CASE("two windows of one quarter of an hour keep the higher") {
  Peaks peaks;
  note_peak(peaks, load_of(9), kWindow, kStart + 1min);
  note_peak(peaks, load_of(6), kWindow, kStart + 2min);
  note_peak(peaks, load_of(12), kWindow, kStart + 15min);  // Its last window ends as it does.

  CHECK(peaks == Peaks{{kStart, 12}});
}

TEST_CASE("load is counted in windows and taken once they have passed") {
  LoadMeter meter(kWindow);
  const TimePoint begin = time_from_millis(1'700'000'040'000);  // A multiple of the window.
  meter.add(1, {100, 1}, begin);
  meter.add(1, {50, 2}, begin + 59'999ms);

  CHECK_FALSE(meter.has_finished(begin + 59'999ms));
  CHECK_FALSE(meter.take_finished(begin + 59'999ms));
  meter.add(1, {7, 1}, begin + 60s);  // The next window.
  REQUIRE(meter.has_finished(begin + 60s));
  const auto finished = meter.take_finished(begin + 60s);
  REQUIRE(finished);
  CHECK(finished->end == begin + 60s);
  CHECK(finished->load.at(1).bytes == 150);
  CHECK(finished->load.at(1).records == 3);
  CHECK_FALSE(meter.has_finished(begin + 60s));
  CHECK(meter.take_finished(begin + 120s)->load.at(1).bytes == 7);
}

TEST_CASE("of windows nobody looked at the newest counts") {
  LoadMeter meter(kWindow);
  const TimePoint begin = time_from_millis(1'700'000'040'000);
  for (int i = 0; i < 5; ++i) meter.add(0, {static_cast<std::uint64_t>(i), 1}, begin + i * 60s);

  const auto finished = meter.take_finished(begin + 1h);

  REQUIRE(finished);
  CHECK(finished->load.at(0).bytes == 4);
}

}  // namespace millrace::streams
