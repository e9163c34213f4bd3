#include "streams/catalogue.h"

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/time_point.h"
#include "base/uint128.h"
#include "storage/engine.h"
#include "storage/errors.h"
#include "storage/memory_engine.h"
#include "storage/spaces.h"
#include "streams/account_limits.h"
#include "streams/dropped_shards.h"
#include "streams/errors.h"
#include "streams/maintenance.h"
#include "streams/record.h"
#include "streams/sequence_number.h"
#include "streams/shard_map.h"
#include "streams/shard_rows.h"
#include "streams/stream.h"
#include "streams/stream_facts.h"
#include "streams/stream_rows.h"
#include "streams/surroundings.h"
#include "tests/streams/catalogue_fixture.h"

namespace millrace::streams {
namespace {

using namespace std::chrono_literals;

const TimePoint kStart = time_from_millis(1'700'000'000'000);

class CatalogueTest : protected CatalogueFixture {
 protected:
  CatalogueTest() : CatalogueFixture(kStart) {}

  PutPart put(Stream& stream, std::string_view key, std::string_view data = "data",
              storage::When when = storage::When::kNow) {
    const NewRecord record{key, std::nullopt, data};
    const auto receipt = stream.put({&record, 1}, when);
    REQUIRE(receipt);
    return receipt->parts[0];
  }

  static std::vector<std::string> read(const Stream& stream, std::uint32_t shard,
                                       ReadFrom from = {}, ReadLimits limits = {}) {
    const auto result = stream.read(shard, from, limits);
    REQUIRE(result);
    std::vector<std::string> data;
    for (const Record& record : result->records) data.emplace_back(record.data);
    return data;
  }

  void split(const StreamPointer& stream, std::uint32_t shard, uint128 at) {
    REQUIRE(stream->reshard(
        [&](const StreamState&) { return Result<std::vector<Reshard>>{{Split{shard, at}}}; }));
  }
};

StreamStatus status(const StreamPointer& stream, const Clock& clock) {
  return stream->state().facts->status_at(clock.now());
}

}  // namespace

TEST_CASE_FIXTURE(CatalogueTest, "a stream without delay is ACTIVE at once") {
  CHECK(status(create(2), clock_) == StreamStatus::kActive);
}

TEST_CASE_FIXTURE(CatalogueTest, "with a delay a stream is CREATING until it is due") {
  reopen({5s, 0ms, 0ms});
  const StreamPointer stream = create(1);

  CHECK(status(stream, clock_) == StreamStatus::kCreating);
  const NewRecord record{"key", std::nullopt, "data"};
  CHECK(stream->put({&record, 1}, storage::When::kNow).error().code == kResourceNotFound);
  clock_.advance(4999ms);
  CHECK(status(find(), clock_) == StreamStatus::kCreating);
  clock_.advance(1ms);
  CHECK(status(find(), clock_) == StreamStatus::kActive);
}

TEST_CASE_FIXTURE(CatalogueTest, "a second stream of the name is refused") {
  create(1);
  NewStream again;
  again.key = kOrders;

  const auto refused = catalogue_->create(again);

  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == kResourceInUse);
  CHECK(refused.error().message == "Stream orders under account 000000000000 already exists.");
}

TEST_CASE_FIXTURE(CatalogueTest, "one name in two accounts or regions is two streams") {
  create(1);
  for (const StreamKey& key : {StreamKey{"111111111111", "us-east-1", "orders"},
                               StreamKey{"000000000000", "eu-west-1", "orders"}}) {
    NewStream other;
    other.key = key;
    CHECK(catalogue_->create(other));
  }
  CHECK(catalogue_->list({"000000000000", "us-east-1"}).size() == 1);
}

TEST_CASE_FIXTURE(CatalogueTest,
                  "a page of streams is by name, full, and of one account and region") {
  reopen({0ms, 5s, 0ms});
  const auto create_named = [&](const char* account, const char* region, const char* name) {
    NewStream wanted;
    wanted.key = {account, region, name};
    REQUIRE(catalogue_->create(wanted));
    return *catalogue_->find(wanted.key);
  };
  for (const char* name : {"d", "a", "c", "e", "b"}) create_named("1", "eu", name);
  create_named("1", "ap", "c");
  create_named("1", "us", "c");
  create_named("0", "eu", "c");
  create_named("2", "eu", "c");
  const auto page = [&](std::string_view after, std::size_t count_max) {
    std::string names;
    for (const auto& stream : catalogue_->list({"1", "eu"}, after, count_max)) {
      names += stream->state().facts->key.name;
    }
    return names;
  };

  CHECK(page("", 100) == "abcde");
  CHECK(page("", 2) == "ab");
  CHECK(page("b", 2) == "cd");
  CHECK(page("bb", 2) == "cd");
  CHECK(page("e", 2).empty());
  CHECK(page("", 0).empty());

  for (const char* name : {"b", "c"}) {
    REQUIRE((*catalogue_->find({{"1", "eu"}, name}))->remove(false));
  }
  CHECK(page("", 3) == "abc");
  clock_.advance(6s);  // Whoever looks carries the deletions out, and gets others in their places.
  CHECK(page("", 3) == "ade");
}

TEST_CASE_FIXTURE(CatalogueTest, "records are routed, kept in order and read back as they came") {
  const StreamPointer stream = create(3);

  const PutPart a = put(*stream, "a", "first");
  const PutPart e = put(*stream, "e", std::string("\0\xff", 2));
  const PutPart a2 = put(*stream, "a", "");

  CHECK(a.shard_index == 0);
  CHECK(e.shard_index == 2);
  CHECK(is_before(a.first, a2.first));
  CHECK(read(*stream, 0) == std::vector<std::string>{"first", ""});
  CHECK(read(*stream, 2) == std::vector<std::string>{std::string("\0\xff", 2)});
}

TEST_CASE_FIXTURE(CatalogueTest, "an explicit hash key routes, the partition key stays") {
  const StreamPointer stream = create(2);
  const NewRecord record{"a", kUint128Max, "x"};

  const auto receipt = stream->put({&record, 1}, storage::When::kNow);

  REQUIRE(receipt);
  CHECK(receipt->parts[0].shard_index == 1);
  CHECK(stream->read(1, {}, {})->records[0].partition_key == "a");
}

TEST_CASE_FIXTURE(CatalogueTest,
                  "records of one put to one shard get consecutive numbers in order") {
  const StreamPointer stream = create(2);
  std::vector<std::string> keys;
  for (int i = 0; i < 100; ++i) keys.push_back("key " + std::to_string(i));
  std::vector<NewRecord> records;
  for (const std::string& key : keys) records.push_back({key, std::nullopt, key});

  const auto receipt = stream->put(records, storage::When::kNow);

  REQUIRE(receipt);
  REQUIRE(receipt->parts.size() == 2);
  CHECK(receipt->parts[0].places.size() + receipt->parts[1].places.size() == keys.size());
  for (const PutPart& part : receipt->parts) {
    const auto stored = stream->read(part.shard_index, {}, {});
    REQUIRE(stored);
    REQUIRE(stored->records.size() == part.places.size());
    for (std::size_t i = 0; i < part.places.size(); ++i) {
      CHECK(stored->records[i].number.index == part.first.index + i);
      CHECK(stored->records[i].data == keys[part.places[i]]);
    }
  }
}

TEST_CASE_FIXTURE(CatalogueTest, "a shard's first number is above its starting number") {
  const StreamPointer stream = create(1);

  const PutPart placed = put(*stream, "a");

  CHECK(placed.first.index >= 1);
  CHECK(placed.first.second >= placed.first.creation_second);
}

TEST_CASE_FIXTURE(CatalogueTest, "everything is there after a restart") {
  {
    const StreamPointer stream = create(2);
    put(*stream, "a", "before");
    split(stream, 0, 1000);
    REQUIRE(stream->change(Allowed::kNotDeleting, [](StreamFacts& facts) -> Result<void> {
      facts.retention_hours = 48;
      facts.tags["team"] = "blue";
      return {};
    }));
  }
  reopen();

  const StreamPointer stream = find();

  CHECK(stream->state().facts->retention_hours == 48);
  CHECK(stream->state().facts->tags.at("team") == "blue");
  CHECK(stream->state().shards->shards().size() == 4);
  CHECK(read(*stream, 0) == std::vector<std::string>{"before"});
}

TEST_CASE_FIXTURE(CatalogueTest,
                  "a reshard is pending until it is due, and is finished after a restart") {
  reopen({0ms, 0ms, 10s});
  const StreamPointer stream = create(1);
  split(stream, 0, 1000);
  put(*stream, "a", "to the parent");
  CHECK(status(find(), clock_) == StreamStatus::kUpdating);
  CHECK(find()->state().shards->shards().size() == 1);
  reopen();
  clock_.advance(10s);

  const StreamPointer after = find();

  CHECK(status(after, clock_) == StreamStatus::kActive);
  CHECK(after->state().shards->shards().size() == 3);
  CHECK(read(*after, 0) == std::vector<std::string>{"to the parent"});
}

TEST_CASE_FIXTURE(CatalogueTest,
                  "a closed shard ends behind its last record, a child begins a second later") {
  const StreamPointer stream = create(1);
  const PutPart last = put(*stream, "a", "x");
  split(stream, 0, 1000);

  const auto shards = find()->state().shards;

  const Shard& parent = *shards->find(0);
  REQUIRE(parent.end);
  CHECK(parent.end->position == last.first.index);
  CHECK(parent.end->closed_second == seconds_of(clock_.now()));
  CHECK(parent.end->second >= last.first.second);
  CHECK(shards->find(1)->creation_second == parent.end->second + 1);
  const auto result = stream->read(0, {}, {});
  CHECK(result->is_at_end);
  CHECK(put(*stream, "a").first.second >= shards->find(2)->creation_second);
}

TEST_CASE_FIXTURE(CatalogueTest,
                  "a record that waits to be written belongs to the shard it was put to") {
  const StreamPointer stream = create(1);
  put(*stream, "a", "first");
  const PutPart last = put(*stream, "a", "waits", storage::When::kWithOthers);
  CHECK(read(*stream, 0) == std::vector<std::string>{"first"});

  split(stream, 0, 1000);

  CHECK(find()->state().shards->find(0)->end->position == last.first.index);
  CHECK(read(*stream, 0) == std::vector<std::string>{"first", "waits"});
  CHECK(stream->read(0, {}, {})->is_at_end);
}

TEST_CASE_FIXTURE(CatalogueTest, "an open shard is never at its end") {
  const StreamPointer stream = create(1);
  put(*stream, "a");

  CHECK_FALSE(stream->read(0, {}, {})->is_at_end);
}

TEST_CASE_FIXTURE(CatalogueTest, "a second reshard has to wait for the first") {
  reopen({0ms, 0ms, 10s});
  const StreamPointer stream = create(1);
  split(stream, 0, 1000);

  const auto refused =
      stream->reshard([](const StreamState&) { return Result<std::vector<Reshard>>{}; });

  REQUIRE_FALSE(refused);
  CHECK(refused.error().message ==
        "Stream orders under account 000000000000 not ACTIVE, instead in state UPDATING");
}

TEST_CASE_FIXTURE(CatalogueTest, "each transition is told once, when somebody looks after it") {
  reopen({5s, 5s, 5s});
  std::vector<std::string> told;
  catalogue_->on_transition([&](const Transition& transition) {
    CHECK(transition.stream == kOrders);
    told.push_back(std::string(transition.from) + ">" + std::string(transition.to) + " -" +
                   std::to_string(transition.shards_closed) + " +" +
                   std::to_string(transition.shards_opened));
  });
  const auto look = [&] {
    for (int i = 0; i < 2; ++i) [[maybe_unused]]
      const auto found = catalogue_->find(kOrders);
    catalogue_->list_all();
    return std::exchange(told, {});
  };
  using Told = std::vector<std::string>;

  const StreamPointer stream = create(2);
  CHECK(look() == Told{"none>CREATING -0 +2"});
  clock_.advance(5s);
  CHECK(look() == Told{"CREATING>ACTIVE -0 +0"});
  split(stream, 0, 1000);
  CHECK(look() == Told{"ACTIVE>UPDATING -0 +0"});
  clock_.advance(5s);
  CHECK(look() == Told{"UPDATING>ACTIVE -1 +2"});
  REQUIRE(stream->remove(false));
  CHECK(look() == Told{"ACTIVE>DELETING -0 +0"});
  CHECK(stream->remove(false));
  clock_.advance(5s);
  CHECK(look() == Told{"DELETING>none -3 +0"});
}

TEST_CASE_FIXTURE(CatalogueTest, "an on-demand stream is not resharded by hand") {
  const StreamPointer stream = create(4, StreamMode::kOnDemand);

  const auto refused =
      stream->reshard([](const StreamState&) { return Result<std::vector<Reshard>>{}; });

  CHECK(refused.error().code == kValidation);
}

TEST_CASE_FIXTURE(CatalogueTest, "an on-demand stream that could not grow does so later") {
  const StreamPointer stream = create(4, StreamMode::kOnDemand);
  for (int i = 0; i < 40; ++i) put(*stream, "a", std::string(1'000'000, 'x'));
  clock_.advance(60s);
  engine_.fail_writes(Error{storage::kBusy, "busy"}, 1);

  CHECK(find()->state().shards->open_count() == 4);
  CHECK(find()->state().shards->open_count() == 5);
  CHECK(find()->state().shards->open_count() == 5);
}

TEST_CASE_FIXTURE(CatalogueTest, "a deleted stream is gone, and its name's next stream is new") {
  const StreamPointer old = create(1);
  const PutPart before = put(*old, "a", "old");
  REQUIRE(old->remove(false));
  CHECK_FALSE(catalogue_->find(kOrders));

  const StreamPointer next = create(1);
  const PutPart after = put(*next, "a", "new");

  CHECK(next->state().facts->id != old->state().facts->id);
  CHECK(read(*next, 0) == std::vector<std::string>{"new"});
  CHECK(after.first.index > before.first.index);
}

TEST_CASE_FIXTURE(CatalogueTest, "streams that follow one another fast are dated by the clock") {
  for (int life = 0; life < 120; ++life) {
    CAPTURE(life);
    const StreamPointer stream = create(2);
    const StreamState state = stream->state();
    CHECK(state.facts->created_at == clock_.now());
    CHECK(state.shards->find(0)->creation_second == seconds_of(clock_.now()) - kShardsBeforeStream);
    CHECK(put(*stream, "a", "x").first.second == seconds_of(clock_.now()));
    REQUIRE(stream->remove(false));
    clock_.advance(5ms);
  }
}

TEST_CASE_FIXTURE(CatalogueTest, "nothing is left in the store of streams that are gone") {
  for (int life = 0; life < 3; ++life) {
    put(*create(2), "a", "x");
    split(find(), 0, 1000);
    REQUIRE(find()->remove(false));
  }

  std::vector<std::string> rows;
  REQUIRE(engine_.scan("", [&](std::string_view key, std::string_view) {
    rows.emplace_back(key);
    return true;
  }));
  CHECK(rows == std::vector<std::string>{std::string("\0n", 2)});  // The next id.
}

TEST_CASE_FIXTURE(CatalogueTest, "whoever waits on a shard hears at once of what ends it") {
  std::vector<storage::LogId> ended;
  catalogue_->on_shard_end([&](storage::LogId log) { ended.push_back(log); });
  const StreamPointer stream = create(1);
  const std::uint32_t id = stream->state().facts->id;

  split(stream, 0, 1000);
  CHECK(ended == std::vector<storage::LogId>{log_of(id, 0)});

  ended.clear();
  REQUIRE(stream->remove(false));
  CHECK(ended.size() == 3);
}

TEST_CASE_FIXTURE(CatalogueTest,
                  "a stream whose transition cannot be written is read as it was before") {
  reopen({0ms, 0ms, 10s});
  const StreamPointer stream = create(1);
  put(*stream, "a", "x");
  split(stream, 0, 1000);
  clock_.advance(10s);
  for (const ErrorCode code : {storage::kFull, storage::kFailed, storage::kBusy}) {
    CAPTURE(code.name);
    engine_.fail_writes(Error{code, "no"});

    const auto found = catalogue_->find(kOrders);

    REQUIRE(found);
    CHECK((*found)->state().shards->shards().size() == 1);
    CHECK(status(*found, clock_) == StreamStatus::kUpdating);
    CHECK(read(**found, 0) == std::vector<std::string>{"x"});
  }
  engine_.fail_writes(std::nullopt);
  CHECK(find()->state().shards->shards().size() == 3);
}

TEST_CASE_FIXTURE(CatalogueTest, "logs whose shards went just before an end go at the next start") {
  const StreamPointer stream = create(1);
  put(*stream, "a", "x");
  const std::uint32_t id = stream->state().facts->id;
  storage::TableBatch batch;
  batch.remove(rows::stream_row_key(id));
  batch.remove(rows::shard_row_key(id, 0));
  rows::put_dropped(batch, {id, 0, 1});
  REQUIRE(engine_.write(batch));

  reopen();

  CHECK(engine_.bounds(log_of(id, 0))->next == 0);
  CHECK_FALSE(engine_.get(rows::dropped_row_key({id, 0, 1}))->has_value());
}

TEST_CASE_FIXTURE(CatalogueTest, "what another server writes of streams is heard of") {
  const StreamPointer stream = create(1);
  StreamFacts facts = *stream->state().facts;
  facts.tags = {{"by", "them"}};
  storage::TableBatch changed;
  changed.put(rows::stream_row_key(facts.id), rows::encode(facts));
  REQUIRE(engine_.write(changed));
  CHECK(find()->state().facts->tags == facts.tags);

  StreamFacts other = facts;
  other.id = facts.id + 1'000;
  other.key.name = "theirs";
  storage::TableBatch created;
  created.put(rows::stream_row_key(other.id), rows::encode(other));
  rows::put_shards(created, other.id, ShardMap::uniform(3, seconds_of(kStart)), 0);
  REQUIRE(engine_.write(created));
  const auto theirs = catalogue_->find(other.key);
  REQUIRE(theirs);
  CHECK((*theirs)->state().shards->open_count() == 3);

  storage::TableBatch removed;
  removed.remove(rows::stream_row_key(facts.id));
  removed.remove(rows::shard_row_key(facts.id, 0));
  REQUIRE(engine_.write(removed));
  CHECK_FALSE(catalogue_->find(kOrders));
  CHECK(catalogue_->list_all().size() == 1);
}

TEST_CASE_FIXTURE(CatalogueTest,
                  "a change that rests on a row which is not there any more is refused") {
  // Another catalogue over the same rows, that does not hear of what this one writes in between.
  const StreamPointer stream = create(1);
  const auto elsewhere = std::make_shared<Surroundings>(engine_, clock_, quotas_,
                                                        CatalogueOptions{}, storage::Fence{});
  Stream deaf(elsewhere, stream->state());
  const auto tag = [](const char* value) {
    return [value](StreamFacts& facts) -> Result<void> {
      facts.tags.insert_or_assign("t", value);
      return {};
    };
  };
  REQUIRE(stream->change(Allowed::kActive, tag("ours")));

  const auto refused = deaf.change(Allowed::kActive, tag("theirs"));

  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == storage::kConflict);
  CHECK(find()->state().facts->tags.at("t") == "ours");
  reopen();
  CHECK(find()->state().facts->tags.at("t") == "ours");
}

TEST_CASE_FIXTURE(CatalogueTest,
                  "no two rows of a stream are equal, though a change leaves it as it is") {
  const StreamPointer stream = create(1);
  const std::string key = rows::stream_row_key(stream->state().facts->id);
  const auto before = engine_.get(key);
  REQUIRE(stream->change(Allowed::kActive, [](StreamFacts&) { return Result<void>{}; }));

  CHECK(*engine_.get(key) != *before);
}

TEST_CASE_FIXTURE(CatalogueTest, "all streams together have so many shards and no more") {
  CatalogueOptions options;
  options.shards_held_max = 10;
  auto opened = Catalogue::open(engine_, *ids_, clock_, quotas_, options);
  REQUIRE(opened);
  catalogue_ = std::move(*opened);
  const auto name = [](const char* text) { return StreamKey{"000000000000", "us-east-1", text}; };
  NewStream wanted;
  wanted.shard_count = 6;
  wanted.key = name("one");
  REQUIRE(catalogue_->create(wanted));
  wanted.key = name("two");

  const auto refused = catalogue_->create(wanted);
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == kLimitExceeded);
  wanted.shard_count = 4;
  REQUIRE(catalogue_->create(wanted));
  const StreamPointer two = *catalogue_->find(name("two"));
  CHECK_FALSE(
      two->reshard([](const StreamState&) { return std::vector<Reshard>{Split{0, 1000}}; }));
  REQUIRE(two->remove(false));
  CHECK(catalogue_->create(wanted));
}

TEST_CASE_FIXTURE(CatalogueTest,
                  "a stream has as many shards in its life as the id of a log can tell apart") {
  const std::uint32_t id = create(1)->state().facts->id;
  const std::int64_t second = seconds_of(clock_.now());
  storage::TableBatch batch;
  const Shard closed{storage::kPartsMax - 3,     {0, 9}, second, second, 0, {},
                     ShardEnd{0, second, second}};
  batch.put(rows::shard_row_key(id, closed.index), rows::encode(closed));
  REQUIRE(engine_.write(batch));
  reopen();

  const auto split = [this](std::uint32_t shard) {
    return find()->reshard(
        [shard](const StreamState&) { return std::vector<Reshard>{Split{shard, 1000}}; });
  };
  REQUIRE(split(0));
  CHECK(find()->state().shards->next_index() == storage::kPartsMax);
  const auto refused = split(storage::kPartsMax - 2);
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == kLimitExceeded);
}

TEST_CASE_FIXTURE(CatalogueTest, "a shard that expires takes its log along") {
  const StreamPointer stream = create(1);
  put(*stream, "a", "x");
  split(stream, 0, 1000);
  clock_.advance(25h);
  find();

  const std::uint32_t id = stream->state().facts->id;
  CHECK(engine_.bounds(log_of(id, 0))->next == 0);
  CHECK_FALSE(engine_.get(rows::dropped_row_key({id, 0, 1}))->has_value());
}

TEST_CASE_FIXTURE(CatalogueTest, "no number repeats when a name is deleted and made anew quickly") {
  std::set<std::string> numbers;
  for (int life = 0; life < 5; ++life) {
    const StreamPointer stream = create(4);
    split(stream, 0, 1000);
    for (int i = 0; i < 20; ++i) {
      CHECK(numbers.insert(to_decimal(put(*find(), std::to_string(i)).first)).second);
    }
    REQUIRE(find()->remove(false));
    if (life == 2) reopen();
  }
}

TEST_CASE_FIXTURE(CatalogueTest, "the records of a deleted stream that could not go go later") {
  const StreamPointer stream = create(1);
  put(*stream, "a", "x");
  const storage::LogId log = log_of(stream->state().facts->id, 0);
  // Told between the write that makes the stream gone and the one that drops its logs.
  catalogue_->on_shard_end([&](storage::LogId) {
    engine_.fail_writes(Error{kInternalFailure, "The device does not answer."});
  });

  CHECK(stream->remove(false));
  CHECK_FALSE(catalogue_->find(kOrders));
  CHECK(engine_.bounds(log)->published > 0);

  engine_.fail_writes(std::nullopt);
  expire(*catalogue_, engine_);
  CHECK(engine_.bounds(log)->published == 0);
}

TEST_CASE_FIXTURE(CatalogueTest,
                  "a deleted stream whose end cannot be written is gone all the same") {
  const StreamPointer old = create(1);
  REQUIRE(old->remove(false));
  engine_.fail_writes(Error{kInternalFailure, "The device does not answer."});

  CHECK(catalogue_->list_all().empty());
  CHECK(catalogue_->list(kOrders.scope).empty());
  CHECK(catalogue_->find(kOrders).error().code == kResourceNotFound);
}

TEST_CASE_FIXTURE(CatalogueTest,
                  "no stream is made while its predecessor's end cannot be written") {
  const StreamPointer old = create(1);
  const PutPart before = put(*old, "a", "old");
  REQUIRE(old->remove(false));
  // The first write that is tried is the one that ends the old stream.
  engine_.fail_writes(Error{kInternalFailure, "The device does not answer."}, 1);
  NewStream wanted;
  wanted.key = kOrders;
  wanted.shard_count = 1;

  const auto refused = catalogue_->create(wanted);
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == kInternalFailure);

  const PutPart after = put(*create(1), "a", "new");
  CHECK(after.first.index > before.first.index);
  reopen();
  CHECK(catalogue_->list_all().size() == 1);
  CHECK(read(*find(), 0) == std::vector<std::string>{"new"});
}

TEST_CASE_FIXTURE(CatalogueTest, "a deletion that was cut short is finished after a restart") {
  reopen({0ms, 10s, 0ms});
  const StreamPointer stream = create(2);
  put(*stream, "a", "x");
  REQUIRE(stream->remove(false));
  CHECK(status(find(), clock_) == StreamStatus::kDeleting);
  reopen();
  clock_.advance(10s);

  CHECK_FALSE(catalogue_->find(kOrders));
  CHECK(catalogue_->list_all().empty());
}

TEST_CASE_FIXTURE(CatalogueTest,
                  "a record is readable until the millisecond its retention is over") {
  const StreamPointer stream = create(1);
  put(*stream, "a", "old");
  clock_.advance(1h);
  put(*stream, "a", "young");

  clock_.advance(23h - 1ms);
  CHECK(read(*stream, 0) == std::vector<std::string>{"old", "young"});
  clock_.advance(1ms);
  CHECK(read(*stream, 0) == std::vector<std::string>{"young"});
}

TEST_CASE_FIXTURE(CatalogueTest,
                  "a longer retention brings nothing back, a shorter one hides at once") {
  const StreamPointer stream = create(1);
  const auto set_hours = [&](int hours) {
    REQUIRE(stream->change(Allowed::kNotDeleting, [&](StreamFacts& facts) -> Result<void> {
      facts.retention_hours = hours;
      return {};
    }));
  };
  set_hours(48);
  put(*stream, "a", "old");
  clock_.advance(30h);
  put(*stream, "a", "young");

  set_hours(24);
  CHECK(read(*stream, 0) == std::vector<std::string>{"young"});
  set_hours(100);
  CHECK(read(*stream, 0) == std::vector<std::string>{"young"});
}

TEST_CASE_FIXTURE(CatalogueTest, "a stream made again at once keeps its records no longer") {
  REQUIRE(create(1)->remove(false));
  const StreamPointer stream = create(1);
  put(*stream, "a", "x");

  clock_.advance(24h - 1ms);
  CHECK(read(*stream, 0) == std::vector<std::string>{"x"});
  clock_.advance(1ms);
  CHECK(read(*stream, 0).empty());
}

TEST_CASE_FIXTURE(CatalogueTest,
                  "a closed shard is gone when a record of its last second must be") {
  const StreamPointer stream = create(1);
  split(stream, 0, 1000);
  const auto end = find()->state().shards->find(0)->end;
  REQUIRE(end);

  clock_.advance(time_from_millis(end->second * 1000 + 999) + 24h - 1ms - clock_.now());
  CHECK(find()->state().shards->find(0) != nullptr);
  clock_.advance(1ms);
  CHECK(find()->state().shards->find(0) == nullptr);
}

TEST_CASE_FIXTURE(CatalogueTest, "a closed shard that cannot be forgotten yet fails no request") {
  split(create(1), 0, 1000);
  find();
  clock_.advance(25h);
  engine_.fail_writes(Error{kInternalFailure, "no"});

  CHECK(find()->state().shards->find(0) != nullptr);
  engine_.fail_writes(std::nullopt);
  CHECK(find()->state().shards->find(0) == nullptr);
}

TEST_CASE_FIXTURE(CatalogueTest, "a stream that is being deleted is there until it is gone") {
  reopen({0ms, 48h, 0ms});
  const StreamPointer stream = create(4, StreamMode::kOnDemand);
  put(*stream, "a");
  REQUIRE(stream->remove(false));

  clock_.advance(1h);  // The window of its load is over.

  CHECK(status(find(), clock_) == StreamStatus::kDeleting);
  CHECK(catalogue_->list_all().size() == 1);
}

TEST_CASE_FIXTURE(CatalogueTest, "expiry trims the store and forgets closed shards") {
  const StreamPointer stream = create(1);
  put(*stream, "a", "old");
  split(stream, 0, 1000);
  find();
  clock_.advance(25h);

  expire(*catalogue_, engine_);

  CHECK(find()->state().shards->shards().size() == 2);
  CHECK(find()->state().shards->find(0) == nullptr);
  reopen();
  CHECK(find()->state().shards->shards().size() == 2);
  split(find(), 1, 500);
  CHECK(find()->state().shards->find(3) != nullptr);
}

TEST_CASE_FIXTURE(CatalogueTest,
                  "positions: at and after a number, beyond the end, and trimmed ones") {
  const StreamPointer stream = create(1);
  const Shard shard = *stream->state().shards->find(0);
  const PutPart first = put(*stream, "a", "1");
  clock_.advance(3s);
  const PutPart second = put(*stream, "a", "2");
  const auto from = [&](SequenceNumber number, bool after) {
    const auto position = stream->position_of(shard, number, after);
    REQUIRE(position);
    return read(*stream, 0, {ReadFrom::Kind::kPosition, *position, {}});
  };
  const std::vector<std::string> both{"1", "2"};
  const std::vector<std::string> last{"2"};

  CHECK(from(first.first, false) == both);
  CHECK(from(first.first, true) == last);
  CHECK(from(second.first, true).empty());
  SequenceNumber start = first.first;
  start.index = 0;
  CHECK(from(start, false) == both);
  CHECK(from(start, true) == both);
  SequenceNumber later = first.first;
  later.second += 1;
  CHECK(from(later, false) == last);
  SequenceNumber earlier = second.first;
  earlier.second -= 1;
  CHECK(from(earlier, true) == last);
  SequenceNumber end = first.first;
  end.index = kEndIndex;
  CHECK(from(end, false).empty());
  CHECK(from(end, true).empty());
}

TEST_CASE_FIXTURE(CatalogueTest, "a read from a time waits for it and takes what arrives then") {
  const StreamPointer stream = create(1);
  put(*stream, "a", "early");
  clock_.advance(1s);
  const ReadFrom from{ReadFrom::Kind::kTime, 0, clock_.now()};

  const auto waiting = stream->read(0, from, {});
  REQUIRE(waiting);
  CHECK(waiting->records.empty());
  put(*stream, "a", "late");

  CHECK(read(*stream, 0, waiting->next) == std::vector<std::string>{"late"});
  CHECK(read(*stream, 0, from) == std::vector<std::string>{"late"});
}

TEST_CASE_FIXTURE(CatalogueTest,
                  "limits: the record that passes the bytes waits, the first never does") {
  const StreamPointer stream = create(1);
  for (int i = 0; i < 3; ++i) put(*stream, "k", "0123456789");
  struct Row {
    std::size_t bytes_max;
    std::size_t expected;
  };
  for (const Row& row : std::vector<Row>{{1, 1}, {21, 1}, {22, 2}, {32, 2}, {33, 3}}) {
    CAPTURE(row.bytes_max);
    CHECK(read(*stream, 0, {}, {100, row.bytes_max}).size() == row.expected);
  }
  CHECK(read(*stream, 0, {}, {2, 1000}).size() == 2);
}

TEST_CASE_FIXTURE(CatalogueTest, "the lag is the distance to the newest record, 0 at the end") {
  const StreamPointer stream = create(1);
  put(*stream, "a", "1");
  clock_.advance(5s);
  put(*stream, "a", "2");

  const auto behind = stream->read(0, {}, {1, 1000});
  const auto at_end = stream->read(0, {}, {10, 1000});

  CHECK(behind->millis_behind == 5000);
  CHECK(at_end->millis_behind == 0);
}

TEST_CASE_FIXTURE(CatalogueTest, "a failed write stores nothing and the next one goes on") {
  const StreamPointer stream = create(1);
  put(*stream, "a", "1");
  engine_.fail_writes(Error{kInternalFailure, "no"});
  const NewRecord record{"a", std::nullopt, "lost"};
  CHECK_FALSE(stream->put({&record, 1}, storage::When::kNow));
  engine_.fail_writes(std::nullopt);
  put(*stream, "a", "2");

  CHECK(read(*stream, 0) == std::vector<std::string>{"1", "2"});
}

TEST_CASE_FIXTURE(CatalogueTest,
                  "puts through reshards: each record is in one shard, in order, within its end") {
  const StreamPointer stream = create(2);
  std::atomic<bool> is_done{false};
  std::atomic<int> failures{0};
  std::vector<std::vector<PutPart>> placed(3);
  std::vector<std::thread> writers;
  for (std::size_t w = 0; w < placed.size(); ++w) {
    writers.emplace_back([&, w] {
      const std::string key = "writer " + std::to_string(w);
      while (!is_done) {
        const NewRecord record{key, std::nullopt, key};
        const auto receipt = stream->put({&record, 1}, storage::When::kNow);
        if (receipt) {
          placed[w].push_back(receipt->parts[0]);
        } else {
          ++failures;
        }
      }
    });
  }
  for (const std::uint32_t target : {4U, 3U, 2U, 4U, 2U}) {
    std::this_thread::sleep_for(10ms);
    REQUIRE(stream->reshard([&](const StreamState& state) {
      return Result<std::vector<Reshard>>{state.shards->scale_to(target)};
    }));
    find();
  }
  is_done = true;
  for (std::thread& writer : writers) writer.join();

  CHECK(failures == 0);
  const auto shards = stream->state().shards;
  for (const auto& own : placed) {
    CHECK_FALSE(own.empty());
    for (std::size_t i = 0; i < own.size(); ++i) {
      const Shard& shard = *shards->find(own[i].shard_index);
      if (shard.end) CHECK(own[i].first.index <= shard.end->position);
      if (i > 0) CHECK(to_decimal(own[i - 1].first) < to_decimal(own[i].first));
    }
  }
}

}  // namespace millrace::streams
