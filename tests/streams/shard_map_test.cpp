#include "streams/shard_map.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include <doctest/doctest.h>
#include <rapidcheck.h>

#include "base/digest.h"
#include "base/uint128.h"
#include "streams/sequence_number.h"

namespace millrace::streams {
namespace {

constexpr std::int64_t kSecond = 1'700'000'000;

uint128 number(const std::string& text) { return parse_uint128(text).value(); }

ShardEnd end_now(const Shard& shard) {
  return {0, std::max(kSecond, shard.creation_second), kSecond};
}

ShardMap after_all(ShardMap map, const std::vector<Reshard>& steps) {
  for (const Reshard& step : steps) map = map.after(step, end_now);
  return map;
}

ShardMap scaled(const ShardMap& map, std::uint32_t target) {
  return after_all(map, map.scale_to(target));
}

bool covers_everything(const ShardMap& map) {
  const auto open = map.open_shards();
  uint128 next = 0;
  for (std::size_t i = 0; i < open.size(); ++i) {
    if (open[i]->range.start != next || open[i]->range.end < open[i]->range.start) return false;
    next = open[i]->range.end + 1;
  }
  return next == 0;  // Behind the last key the numbers begin anew.
}

std::vector<std::uint32_t> open_indexes(const ShardMap& map) {
  std::vector<std::uint32_t> indexes;
  for (const Shard* shard : map.open_shards()) indexes.push_back(shard->index);
  return indexes;
}

std::string starting_number(const Shard& shard) {
  return to_decimal(
      SequenceNumber{2, shard.creation_second, shard.index, 0, shard.creation_second});
}

std::string ending_number(const Shard& shard) {
  return to_decimal(
      SequenceNumber{2, shard.creation_second, shard.index, kEndIndex, shard.end->second});
}

}  // namespace

TEST_CASE("three shards divide the hash keys as the service divides them") {
  const ShardMap map = ShardMap::uniform(3, kSecond);

  CHECK(map.shards()[0].range.end == number("113427455640312821154458202477256070484"));
  CHECK(map.shards()[1].range.start == number("113427455640312821154458202477256070485"));
  CHECK(map.shards()[1].range.end == number("226854911280625642308916404954512140969"));
  CHECK(map.shards()[2].range.start == number("226854911280625642308916404954512140970"));
  CHECK(map.shards()[2].range.end == kUint128Max);
}

TEST_CASE("records go where the service sends them") {
  struct Row {
    const char* partition_key;
    const char* hash_key;
    std::uint32_t shard_of_three;
  };
  const std::vector<Row> rows = {
      {"a", "16955237001963240173058271559858726497", 0},
      {"b", "195289424170611159128911017612795795343", 1},
      {"e", "299611584147932843547128611849858313266", 2},
      {"f", "190917122200326810055233066464581373159", 1},
      {"1", "261578874264819908609102035485573088411", 2},
      {"partitionKey1", "259883753084267508317526128829441085549", 2},
  };
  const ShardMap map = ShardMap::uniform(3, kSecond);
  for (const Row& row : rows) {
    CAPTURE(row.partition_key);
    CHECK(millrace::to_decimal(md5_number(row.partition_key)) == row.hash_key);
    CHECK(map.route(md5_number(row.partition_key)).index == row.shard_of_three);
  }
}

TEST_CASE("both ends of a hash range belong to its shard") {
  const ShardMap map = ShardMap::uniform(4, kSecond);
  for (const Shard& shard : map.shards()) {
    CHECK(map.route(shard.range.start).index == shard.index);
    CHECK(map.route(shard.range.end).index == shard.index);
  }
}

TEST_CASE("a split gives two children that share the parent's range") {
  const ShardMap map = ShardMap::uniform(1, kSecond).after(Split{0, 100}, end_now);

  REQUIRE(map.shards().size() == 3);
  CHECK_FALSE(map.find(0)->is_open());
  CHECK(map.find(1)->range == HashRange{0, 99});
  CHECK(map.find(2)->range == HashRange{100, kUint128Max});
  CHECK(map.find(1)->parent == 0);
  CHECK_FALSE(map.find(1)->adjacent_parent);
  CHECK(map.find(2)->creation_second == kSecond + 1);
}

TEST_CASE("a merge gives one child of both parents, a second after the later end") {
  const ShardMap map = ShardMap::uniform(2, kSecond).after(Merge{0, 1}, [](const Shard& shard) {
    const std::int64_t second = kSecond + (shard.index == 0 ? 7 : 3);
    return ShardEnd{0, second, second};
  });

  REQUIRE(map.open_count() == 1);
  const Shard& child = *map.find(2);
  CHECK(child.range == HashRange{0, kUint128Max});
  CHECK(child.parent == 0);
  CHECK(child.adjacent_parent == 1);
  CHECK(child.creation_second == kSecond + 8);
}

TEST_CASE("the parents of a merge end together, so that no hash key is without a shard between") {
  const ShardMap map = ShardMap::uniform(2, kSecond).after(Merge{0, 1}, [](const Shard& shard) {
    const std::int64_t second = kSecond + (shard.index == 0 ? 7 : 3);
    return ShardEnd{0, second, second};
  });

  CHECK(map.find(0)->end->second == kSecond + 7);
  CHECK(map.find(1)->end->second == kSecond + 7);
}

TEST_CASE("uniform scaling makes as many shards in all as the service does") {
  struct Row {
    std::uint32_t from;
    std::uint32_t to;
    std::size_t total;
  };
  const std::vector<Row> rows = {{1, 2, 3},    {2, 3, 7},   {3, 2, 7}, {2, 4, 6}, {4, 2, 6},
                                 {4, 3, 11},   {4, 5, 15},  {3, 6, 9}, {6, 3, 9}, {5, 3, 13},
                                 {10, 13, 43}, {7, 14, 21}, {9, 6, 21}};
  for (const Row& row : rows) {
    CAPTURE(row.from);
    CAPTURE(row.to);
    const ShardMap map = scaled(ShardMap::uniform(row.from, kSecond), row.to);
    CHECK(map.shards().size() == row.total);
    CHECK(map.open_count() == row.to);
    CHECK(covers_everything(map));
  }
}

TEST_CASE("four shards scaled to three leave 6, 9 and 10, as the service was seen to do") {
  const ShardMap map = scaled(ShardMap::uniform(4, kSecond), 3);

  CHECK(open_indexes(map) == std::vector<std::uint32_t>{6, 9, 10});
}

TEST_CASE("all numbers of a child come after all of its parents'") {
  const ShardMap map = scaled(ShardMap::uniform(4, kSecond), 3);
  for (const Shard& shard : map.shards()) {
    for (const auto& parent : {shard.parent, shard.adjacent_parent}) {
      if (parent) CHECK(starting_number(shard) > ending_number(*map.find(*parent)));
    }
  }
}

TEST_CASE("shards that follow one another within a second are ahead of it as little as can be") {
  ShardMap map = ShardMap::uniform(1, kSecond - 2);
  const auto end = [](const Shard& shard) {
    return ShardEnd{0, std::max(kSecond, shard.creation_second), kSecond};
  };
  for (int round = 0; round < 20; ++round) {
    CAPTURE(round);
    const std::uint32_t parent = map.open_shards().front()->index;
    map = map.after(Split{parent, 1000}, end);
    const std::uint32_t left = map.open_shards()[0]->index;
    map = map.after(Merge{left, left + 1}, end);
    const Shard& child = *map.open_shards().front();
    CHECK(starting_number(child) > ending_number(*map.find(left + 1)));
    CHECK(starting_number(*map.find(left)) > ending_number(*map.find(parent)));
    CHECK(child.opened_second == kSecond + 1);
  }
  CHECK(map.open_shards().front()->creation_second <= kSecond + 1 + 20 * 3 / 16 + 1);
}

TEST_CASE("whatever the reshards, the open shards cover every hash key once") {
  const bool holds = rc::check("cover", [] {
    ShardMap map = ShardMap::uniform(*rc::gen::inRange(1U, 12U), kSecond);
    const int step_count = *rc::gen::inRange(1, 12);
    for (int i = 0; i < step_count; ++i) {
      const auto open = map.open_shards();
      const auto at =
          static_cast<std::size_t>(*rc::gen::inRange<int>(0, static_cast<int>(open.size())));
      const int kind = *rc::gen::inRange(0, 3);
      if (kind == 0 && open[at]->range.end - open[at]->range.start > 4) {
        const uint128 middle =
            open[at]->range.start + (open[at]->range.end - open[at]->range.start) / 2;
        map = map.after(Split{open[at]->index, middle}, end_now);
      } else if (kind == 1 && at + 1 < open.size()) {
        map = map.after(Merge{open[at]->index, open[at + 1]->index}, end_now);
      } else {
        map = scaled(map, *rc::gen::inRange(1U, 12U));
      }
      RC_ASSERT(covers_everything(map));
      const uint128 key = md5_number(std::to_string(i));
      const Shard& shard = map.route(key);
      RC_ASSERT(shard.is_open());
      RC_ASSERT(shard.range.start <= key);
      RC_ASSERT(key <= shard.range.end);
    }
  });
  CHECK(holds);
}

TEST_CASE("shard ids are read as loosely as the service reads them") {
  struct Row {
    const char* id;
    std::int64_t index;  // -1: no shard id.
  };
  const std::vector<Row> rows = {{"shardId-000000000000", 0},
                                 {"shard-0", 0},
                                 {"anything-7", 7},
                                 {"-00002147483647", 2147483647},
                                 {"0", 0},
                                 {"2147483647", 2147483647},
                                 {"2147483648", -1},
                                 {"shardId-002147483648", -1},
                                 {"ABKLFD8", -1},
                                 {"2.14E4", -1},
                                 {"a-1-b", 1},
                                 {"", -1}};
  for (const Row& row : rows) {
    CAPTURE(row.id);
    const auto parsed = parse_shard_id(row.id);
    CHECK((parsed ? std::int64_t{*parsed} : -1) == row.index);
  }
  CHECK(shard_id(7) == "shardId-000000000007");
}

}  // namespace millrace::streams
