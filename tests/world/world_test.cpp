#include "world/world.h"

#include <array>
#include <chrono>
#include <cstddef>
#include <functional>
#include <limits>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include "base/digest.h"
#include "base/error.h"
#include "base/pace.h"
#include "base/random.h"
#include "base/scope.h"
#include "base/sealer.h"
#include "base/time_point.h"
#include "base/wall_clock.h"
#include "storage/engine.h"
#include "storage/errors.h"
#include "storage/memory_engine.h"
#include "storage/spaces.h"
#include "storage/store.h"
#include "streams/account_limits.h"
#include "streams/accounts.h"
#include "streams/catalogue.h"
#include "streams/errors.h"
#include "streams/record.h"
#include "streams/stream.h"
#include "streams/stream_facts.h"
#include "streams/stream_key.h"
#include "tests/world/test_world.h"
#include "world/world_rows.h"
#include "world/worlds.h"

namespace millrace::world {
namespace {

using namespace std::chrono_literals;

const Scope kHome{"000000000000", "us-east-1"};

streams::StreamKey key_of(const std::string& name, const Scope& scope = kHome) {
  return {scope, name};
}

Result<storage::Ticket> create(const World& world, const std::string& name,
                               const Scope& scope = kHome) {
  streams::NewStream wanted;
  wanted.key = key_of(name, scope);
  wanted.shard_count = 2;
  return world.catalogue().create(wanted);
}

Result<streams::PutReceipt> put(streams::Stream& stream) {
  streams::NewRecord record;
  record.partition_key = "k";
  record.data = "x";
  const std::array records{record};
  return stream.put(records, storage::When::kNow);
}

std::size_t rows_below(storage::Engine& engine, storage::Tenant tenant) {
  std::size_t count = 0;
  const std::string prefix(1, static_cast<char>(tenant));
  REQUIRE(engine.scan(prefix, [&](std::string_view, std::string_view) {
    ++count;
    return true;
  }));
  return count;
}

ResetScope of_account(const Scope& scope) { return {scope.account, {}, {}}; }
ResetScope of_region(const std::string& region) { return {{}, region, {}}; }

Result<Pace> later(Pace pace) {
  pace.at += 25h;
  return pace;
}

Result<Pace> freeze(Pace pace) {
  pace.is_frozen = true;
  return pace;
}

}  // namespace

TEST_CASE("a reset takes away all rows, and the store holds nothing of them after a restart") {
  TestWorlds worlds;
  const auto first = worlds.current();
  for (const char* name : {"a", "b", "c"}) REQUIRE(create(*first, name));
  REQUIRE(first->accounts().set_commitment(kHome, true));
  const auto stream = *first->catalogue().find(key_of("a"));
  REQUIRE(put(*stream));

  const auto removed = worlds.worlds().reset({}, true);

  REQUIRE(removed);
  CHECK(removed->streams == 3);
  const auto second = worlds.current();
  CHECK(second != first);
  CHECK(first->has_ended());
  CHECK_FALSE(second->has_ended());
  CHECK(second->catalogue().list_all().empty());
  CHECK_FALSE(second->accounts().commitment(kHome).is_in_force(worlds.now()));
  std::const_pointer_cast<World>(second)->expire();
  CHECK(rows_below(worlds.engine(), storage::Tenant::kStreams) == 0);
  CHECK_FALSE(worlds.engine().bounds(streams::log_of(stream->state().facts->id, 0))->next > 0);
  worlds.reopen();
  CHECK(worlds.current()->catalogue().list_all().empty());
}

TEST_CASE("what is done in a world that has ended changes nothing in the next one") {
  TestWorlds worlds;
  const auto first = worlds.current();
  REQUIRE(create(*first, "a"));
  const auto stream = *first->catalogue().find(key_of("a"));
  REQUIRE(worlds.worlds().reset({}, true));

  const auto created = create(*first, "late");
  const auto committed = first->accounts().set_commitment(kHome, true);
  const auto changed = stream->change(streams::Allowed::kNotDeleting,
                                      [](streams::StreamFacts&) { return Result<void>{}; });
  const auto stored = put(*stream);
  const auto moved = std::const_pointer_cast<World>(first)->change_clock(later);

  REQUIRE_FALSE(created);
  CHECK(created.error().code == storage::kConflict);
  REQUIRE_FALSE(committed);
  CHECK(committed.error().code == storage::kConflict);
  CHECK_FALSE(changed);
  REQUIRE_FALSE(stored);
  CHECK(stored.error().code == streams::kResourceNotFound);
  CHECK_FALSE(moved);
  CHECK_FALSE(first->catalogue().find(key_of("a")));
  CHECK(worlds.current()->catalogue().list_all().empty());
  CHECK(rows_below(worlds.engine(), storage::Tenant::kStreams) <= 1);  // The dropped shards.
}

TEST_CASE("a world that cannot end goes on") {
  TestWorlds worlds;
  const auto first = worlds.current();
  REQUIRE(create(*first, "a"));
  const auto stream = *first->catalogue().find(key_of("a"));
  worlds.engine().fail_writes(Error{storage::kFull, "full"});

  const auto refused = worlds.worlds().reset({}, true);
  const auto partly = worlds.worlds().reset(of_account(kHome), true);
  worlds.engine().fail_writes({});

  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == storage::kFull);
  CHECK_FALSE(partly);
  CHECK(worlds.current() == first);
  CHECK_FALSE(first->has_ended());
  CHECK(put(*stream));
  const auto before = worlds.now();
  worlds.advance(1s);
  CHECK(worlds.now() == before + 1s);  // It stood during the attempt only.
  CHECK(create(*first, "b"));
}

TEST_CASE("a stream that changes while it is taken away goes all the same") {
  TestWorlds worlds;
  const auto world = worlds.current();
  REQUIRE(create(*world, "a"));
  const auto stream = *world->catalogue().find(key_of("a"));
  // Each conflict stands for a change by somebody who was faster.
  worlds.engine().fail_writes(Error{storage::kConflict, "changed"}, 3);

  const auto removed = worlds.worlds().reset(of_region(kHome.region), true);

  REQUIRE(removed);
  CHECK(removed->streams == 1);
  CHECK(world->catalogue().list_all().empty());
}

TEST_CASE("a reset takes what its scope says and nothing else") {
  const Scope abroad{"000000000000", "eu-west-1"};
  const Scope theirs{"222222222222", "us-east-1"};
  struct Row {
    ResetScope scope;
    std::vector<bool> is_left;  // Of a at home, b at home, a abroad, a of theirs.
  };
  const std::vector<Row> rows = {
      {{}, {false, false, false, false}},
      {{"000000000000", {}, {}}, {false, false, false, true}},
      {{{}, "us-east-1", {}}, {false, false, true, false}},
      {{"000000000000", "us-east-1", {}}, {false, false, true, true}},
      {{"000000000000", "us-east-1", "a"}, {false, true, true, true}},
  };
  for (const Row& row : rows) {
    TestWorlds worlds;
    for (const auto& [name, scope] :
         {std::pair{"a", kHome}, {"b", kHome}, {"a", abroad}, {"a", theirs}}) {
      REQUIRE(create(*worlds.current(), name, scope));
    }
    REQUIRE(worlds.worlds().reset(row.scope, true));
    const auto is_there = [&](const std::string& name, const Scope& scope) {
      return worlds.current()->catalogue().find(key_of(name, scope)).has_value();
    };
    CHECK(std::vector<bool>{is_there("a", kHome), is_there("b", kHome), is_there("a", abroad),
                            is_there("a", theirs)} == row.is_left);
  }
}

TEST_CASE("only streams of an account's reset take its settings with them") {
  TestWorlds worlds;
  REQUIRE(create(*worlds.current(), "a"));
  const auto is_in_force = [&] {
    return worlds.current()->accounts().commitment(kHome).is_in_force(worlds.now());
  };
  REQUIRE(worlds.current()->accounts().set_commitment(kHome, true));

  REQUIRE(worlds.worlds().reset({kHome.account, kHome.region, "a"}, true));
  CHECK(is_in_force());
  REQUIRE(worlds.worlds().reset(of_account(kHome), true));
  CHECK_FALSE(is_in_force());
}

TEST_CASE("seeds are there when another world takes the place, or not if they are not wanted") {
  TestWorlds worlds;
  worlds.set({},
             [&](const World& world, const streams::Catalogue::Meant& is_meant) -> Result<void> {
               if (!is_meant(key_of("seed"))) return {};
               const auto created = create(world, "seed");
               if (!created && created.error().code != streams::kResourceInUse) {
                 return std::unexpected(created.error());
               }
               return {};
             });
  worlds.reopen();
  const auto has_seed = [&] {
    return worlds.current()->catalogue().find(key_of("seed")).has_value();
  };

  CHECK(has_seed());
  REQUIRE(worlds.worlds().reset({}, true));
  CHECK(has_seed());
  REQUIRE(worlds.worlds().reset(of_region("eu-west-1"), false));
  CHECK(has_seed());
  REQUIRE(worlds.worlds().reset({}, false));
  CHECK_FALSE(has_seed());
  REQUIRE(worlds.worlds().reset(of_region(kHome.region), true));
  CHECK(has_seed());
}

TEST_CASE("the clock's pace is kept over a restart, and goes with the world") {
  TestWorlds worlds;
  const TimePoint start = worlds.now();
  REQUIRE(worlds.worlds().change_clock(later));
  worlds.advance(1s);
  CHECK(worlds.now() == start + 25h + 1s);
  REQUIRE(worlds.worlds().change_clock(freeze));
  worlds.advance(1h);
  worlds.reopen();
  CHECK(worlds.now() == start + 25h + 1s);
  CHECK(worlds.current()->clock().pace().is_frozen);

  REQUIRE(create(*worlds.current(), "a"));
  REQUIRE(put(**worlds.current()->catalogue().find(key_of("a"))));
  REQUIRE(worlds.worlds().reset({}, true));
  CHECK(worlds.now() == start + 1h + 1s);
  worlds.advance(1s);
  CHECK(worlds.now() == start + 1h + 2s);
  worlds.reopen();
  CHECK(worlds.now() == start + 1h + 2s);
  CHECK(worlds.current()->raised_by() == 0ms);
}

TEST_CASE("time goes on from the newest arrival of this world, not from that of an earlier one") {
  for (const bool is_reset : {false, true}) {
    CAPTURE(is_reset);
    TestWorlds worlds;
    REQUIRE(worlds.worlds().change_clock(later));
    REQUIRE(create(*worlds.current(), "a"));
    worlds.advance(1s);
    REQUIRE(put(**worlds.current()->catalogue().find(key_of("a"))));
    const TimePoint newest = worlds.now();
    if (is_reset) REQUIRE(worlds.worlds().reset({}, true));
    REQUIRE(worlds.engine().checkpoint("kept"));
    auto engine =
        std::make_unique<storage::MemoryEngine>(worlds.engine(), storage::Origin{"kept", 0});
    if (!is_reset) REQUIRE(engine->newest_arrival() == newest);
    const ManualWallClock wall(TestWorlds::kStart - 1h);

    const auto world =
        World::open(storage::Store::open(std::move(engine)).value(), {wall, worlds.sealer()}, {})
            .value();

    CHECK(world->clock().now() == (is_reset ? TimePoint(wall.now().time_since_epoch()) : newest));
    CHECK(world->raised_by() == (is_reset ? 0s : 1h + 1s));
  }
}

TEST_CASE("a pace that cannot be stored is not taken") {
  TestWorlds worlds;
  const TimePoint start = worlds.now();
  worlds.engine().fail_writes(Error{storage::kFull, "full"});

  CHECK_FALSE(worlds.worlds().change_clock(later));
  CHECK(worlds.now() == start);
}

TEST_CASE("damaged rows of a world are an error") {
  for (const auto& key : {rows::number_key(), rows::clock_key()}) {
    auto engine = std::make_unique<storage::MemoryEngine>(1);
    storage::TableBatch batch;
    batch.put(key, "damaged");
    REQUIRE(engine->write(batch));
    const ManualWallClock wall(TestWorlds::kStart);
    SeededRandom random(1);
    const Sealer sealer(SealKey{}, random);

    const auto opened =
        World::open(storage::Store::open(std::move(engine)).value(), {wall, sealer}, {});

    REQUIRE_FALSE(opened);
    CHECK(opened.error().code == streams::kInternalFailure);
  }
}

TEST_CASE("the row of a clock is read as it was written, and refused if it is not whole") {
  const rows::ClockRow row{{wall_from_millis(-5), time_from_millis(7), 0.001, true},
                           time_from_millis(9)};
  const std::string bytes = rows::encode(row);

  const auto read = rows::decode_clock(bytes);
  REQUIRE(read);
  CHECK(read->pace == row.pace);
  CHECK(read->earlier_worlds == row.earlier_worlds);
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    CHECK_FALSE(rows::decode_clock(bytes.substr(0, size)));
  }
  CHECK_FALSE(rows::decode_clock(bytes + "x"));
  for (const double rate : {0.0, -1.0, std::numeric_limits<double>::infinity(),
                            std::numeric_limits<double>::quiet_NaN()}) {
    CHECK_FALSE(rows::decode_clock(rows::encode(rows::ClockRow{{{}, {}, rate, false}, {}})));
  }
}

TEST_CASE("housekeeping comes once a minute of product time, and not in a world that has ended") {
  ManualWallClock wall(TestWorlds::kStart);
  SeededRandom random(1);
  const Sealer sealer(SealKey{}, random);
  std::vector<std::function<void()>> work;
  Outside outside{wall, sealer};
  outside.run_later = [&](std::function<void()> one) { work.push_back(std::move(one)); };
  const auto worlds =
      Worlds::open(storage::Store::open(std::make_unique<storage::MemoryEngine>(1)).value(),
                   outside, {},
                   [](const World&, const streams::Catalogue::Meant&) { return Result<void>{}; })
          .value();
  const auto step = [&](std::chrono::milliseconds time) {
    wall.advance(time);
    worlds->current()->clock().ring();
    const auto count = work.size();
    for (const auto& one : std::exchange(work, {})) one();
    return count;
  };

  CHECK(step(59s) == 0);
  CHECK(step(1s) == 1);
  CHECK(step(60s) == 1);
  const auto held = worlds->current();
  wall.advance(60s);
  held->clock().ring();
  REQUIRE(work.size() == 1);
  REQUIRE(worlds->reset({}, true));
  CHECK(work.size() == 2);  // And what is left of the removed streams.
  step(0s);
  held->clock().ring();
  CHECK(work.empty());
}

TEST_CASE("a world ends with the last who holds it") {
  TestWorlds worlds;
  std::weak_ptr<const World> first = worlds.current();
  auto held = first.lock();
  REQUIRE(worlds.worlds().reset({}, true));

  CHECK_FALSE(first.expired());
  held.reset();
  CHECK(first.expired());
}

}  // namespace millrace::world
