#include "streams/shard_reader.h"

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include <doctest/doctest.h>
#include <rapidcheck.h>

#include "base/error.h"
#include "base/time_point.h"
#include "storage/engine.h"
#include "streams/lineage.h"
#include "streams/record.h"
#include "streams/shard_map.h"
#include "streams/stream.h"
#include "tests/streams/catalogue_fixture.h"

namespace millrace::streams {
namespace {

using namespace std::chrono_literals;

constexpr ReadLimits kTwo{2, 1UL << 20U};

class ShardReaderTest : protected CatalogueFixture {
 protected:
  ShardReaderTest() : CatalogueFixture(time_from_millis(1'700'000'000'000)) {}

  void put(const StreamPointer& stream, std::string_view data) {
    NewRecord record;
    record.partition_key = "k";
    record.data = data;
    const std::array records{record};
    REQUIRE(stream->put(records, storage::When::kNow));
  }

  void split(const StreamPointer& stream) {
    REQUIRE(stream->reshard(
        [](const StreamState&) { return Result<std::vector<Reshard>>{{Split{0, 1000}}}; }));
  }

  // What is there; "pause" or "end" if nothing is.
  std::vector<std::string> look(const ShardReader& reader) {
    auto next = reader.next(clock_.now());
    REQUIRE(next);
    if (std::holds_alternative<ShardReader::Pause>(*next)) return {"pause"};
    if (std::holds_alternative<ShardReader::End>(*next)) return {"end"};
    std::vector<std::string> texts;
    for (const Record& record : std::get<ReadResult>(*next).records)
      texts.emplace_back(record.data);
    return texts;
  }

  void advance(ShardReader& reader) {
    const auto next = reader.next(clock_.now());
    reader.advance(std::get<ReadResult>(*next));
  }
};

using Texts = std::vector<std::string>;

}  // namespace

TEST_CASE_FIXTURE(ShardReaderTest, "records are given again until they are said to have arrived") {
  const StreamPointer stream = create(1);
  for (const char* data : {"a", "b", "c"}) put(stream, data);
  ShardReader reader(stream, 0, {}, kTwo);

  CHECK(look(reader) == Texts{"a", "b"});
  CHECK(look(reader) == Texts{"a", "b"});
  advance(reader);
  CHECK(look(reader) == Texts{"c"});
  advance(reader);
  CHECK(look(reader) == Texts{"pause"});
}

TEST_CASE_FIXTURE(ShardReaderTest, "a pause says what ends it") {
  reopen({0ms, 0ms, 5s});
  const StreamPointer stream = create(1);
  put(stream, "a");
  ShardReader reader(stream, 0, {}, kTwo);
  advance(reader);

  const auto before = std::get<ShardReader::Pause>(*reader.next(clock_.now()));
  CHECK(before.log == log_of(stream->state().facts->id, 0));
  CHECK(before.end_seen == *stream->latest(0));
  CHECK_FALSE(before.until);
  split(stream);
  CHECK(std::get<ShardReader::Pause>(*reader.next(clock_.now())).until == clock_.now() + 5s);
  clock_.advance(5s);
  engine_.fail_writes(Error{{"no"}, ""});
  CHECK_FALSE(std::get<ShardReader::Pause>(*reader.next(clock_.now())).until);
}

TEST_CASE_FIXTURE(ShardReaderTest, "a shard ends with its last record, and leads to its children") {
  const StreamPointer stream = create(1);
  put(stream, "a");
  ShardReader reader(stream, 0, {}, kTwo);
  split(stream);

  CHECK(look(reader) == Texts{"a"});
  advance(reader);
  CHECK(look(reader) == Texts{"end"});
  CHECK(std::get<ShardReader::End>(*reader.next(clock_.now())).children ==
        std::vector<std::uint32_t>{1, 2});
}

TEST_CASE_FIXTURE(ShardReaderTest, "a place is stored and taken up again after a restart") {
  StreamPointer stream = create(1);
  for (const char* data : {"a", "b", "c"}) put(stream, data);
  ShardReader reader(stream, 0, {}, kTwo);
  CHECK_FALSE(reader.cursor());  // It begins at whatever is there.
  advance(reader);
  const auto cursor = reader.cursor();
  REQUIRE(cursor);
  reopen();
  stream = find();

  const auto again = reader_at(stream, *cursor, kTwo);
  REQUIRE(again);
  CHECK(look(*again) == Texts{"c"});
  CHECK_FALSE(reader_at(stream, {cursor->log + 1, cursor->position}, kTwo));  // No such shard.
  REQUIRE(stream->remove(false));
  CHECK_FALSE(reader_at(create(1), *cursor, kTwo));  // Of another stream.
}

TEST_CASE("children are read after their parents, and each shard once") {
  rc::check("lineage", [] {
    ShardMap shards = ShardMap::uniform(*rc::gen::inRange<std::uint32_t>(1, 4), 0);
    Lineage lineage;
    std::vector<std::uint32_t> read;
    for (int step = *rc::gen::inRange(0, 30); step > 0; --step) {
      const auto open = shards.open_shards();
      const auto number = *rc::gen::inRange<std::size_t>(0, open.size());
      switch (*rc::gen::inRange(0, 3)) {
        case 0:
          if (open[number]->range.start != open[number]->range.end) {
            shards = shards.after(Split{open[number]->index, open[number]->range.start + 1},
                                  [](const Shard&) { return ShardEnd{}; });
          }
          break;
        case 1:
          if (number + 1 < open.size()) {
            shards = shards.after(Merge{open[number]->index, open[number + 1]->index},
                                  [](const Shard&) { return ShardEnd{}; });
          }
          break;
        default:
          for (const std::uint32_t index : lineage.readable(shards)) {
            if (shards.find(index)->is_open()) continue;
            read.push_back(index);
            lineage.finish(index, shards);
            lineage = Lineage(lineage.finished());  // As it is stored.
            break;
          }
      }
    }
    for (auto ready = lineage.readable(shards); !ready.empty(); ready = lineage.readable(shards)) {
      read.push_back(ready.front());
      lineage.finish(ready.front(), shards);
    }
    std::set<std::uint32_t> seen;
    for (const std::uint32_t index : read) {
      const Shard& shard = *shards.find(index);
      RC_ASSERT(!shard.parent || seen.contains(*shard.parent));
      RC_ASSERT(!shard.adjacent_parent || seen.contains(*shard.adjacent_parent));
      RC_ASSERT(seen.insert(index).second);
    }
    RC_ASSERT(seen.size() == shards.shards().size());
  });
}

TEST_CASE("shards that have expired hold nobody up and are forgotten") {
  ShardMap shards =
      ShardMap::uniform(1, 0).after(Split{0, 1000}, [](const Shard&) { return ShardEnd{}; });
  Lineage lineage;
  CHECK(lineage.readable(shards) == std::vector<std::uint32_t>{0});
  const ShardMap left = *shards.with({{0, std::nullopt}});

  CHECK(lineage.readable(left) == std::vector<std::uint32_t>{1, 2});
  lineage.finish(0, shards);
  lineage.finish(1, left);
  CHECK(lineage.finished() == std::set<std::uint32_t>{1});
}

}  // namespace millrace::streams
