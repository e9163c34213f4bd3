// What a stream's row keeps, and what the catalogue makes of settings, consumers and load.

#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include "base/error.h"
#include "base/scope.h"
#include "base/time_point.h"
#include "base/uint128.h"
#include "storage/engine.h"
#include "streams/accounts.h"
#include "streams/consumers.h"
#include "streams/errors.h"
#include "streams/monitoring.h"
#include "streams/on_demand.h"
#include "streams/record.h"
#include "streams/shard_map.h"
#include "streams/shard_rows.h"
#include "streams/stream.h"
#include "streams/stream_facts.h"
#include "streams/stream_key.h"
#include "streams/stream_rows.h"
#include "streams/surroundings.h"
#include "tests/streams/catalogue_fixture.h"

namespace millrace::streams {
namespace {

using namespace std::chrono_literals;

const TimePoint kStart = time_from_millis(1'700'000'100'000);

StreamFacts full_facts() {
  StreamFacts facts;
  facts.id = 5;
  facts.key = kOrders;
  facts.settings = {StreamMode::kOnDemand, 2048, "alias/a", 16, Distribution::kAuto};
  facts.retention_hours = 48;
  facts.created_at = kStart;
  facts.active_at = kStart + 1s;
  facts.gone_at = kStart + 9s;
  facts.update = PendingUpdate{kStart + 5s, {Split{1, 7}, Merge{2, 3}}, StreamSettings{}};
  facts.tags = {{"a", "b"}};
  facts.shard_metrics = parse_metrics({"IncomingBytes", "IteratorAgeMilliseconds"});
  facts.policy = "{}";
  facts.consumers["c"] = {"c", 17, 3, kStart, kStart + 1s, {{"x", ""}}, "{ }"};
  facts.peaks = {{kStart, 9}, {kStart + 15min, 5}};
  return facts;
}

class SettingsTest : protected CatalogueFixture {
 protected:
  SettingsTest() : CatalogueFixture(kStart) {}

  // Puts `count` records of 1 MiB into the shard that has hash key `hash_key`.
  void put(Stream& stream, int count, uint128 hash_key) {
    const std::string data(1UL << 20U, 'x');
    for (int i = 0; i < count; ++i) {
      const NewRecord record{"key", hash_key, data};
      REQUIRE(stream.put({&record, 1}, storage::When::kNow));
    }
  }

  Result<storage::Ticket> encrypt(std::optional<std::string> key) {
    return find()->update([&](const StreamFacts&, StreamSettings& settings) {
      settings.kms_key_id = std::move(key);
      return Result<void>{};
    });
  }
};

}  // namespace

TEST_CASE("a stream's row gives back what was put into it") {
  const StreamFacts facts = full_facts();

  const auto decoded = rows::decode_stream(rows::encode(facts));

  REQUIRE(decoded);
  CHECK(rows::encode(*decoded) == rows::encode(facts));
  CHECK(decoded->settings == facts.settings);
  CHECK(decoded->update->settings == facts.update->settings);
  CHECK(decoded->update->steps.size() == 2);
  CHECK(decoded->shard_metrics == facts.shard_metrics);
  CHECK(decoded->policy == facts.policy);
  CHECK(decoded->consumers == facts.consumers);
  CHECK(decoded->peaks == facts.peaks);
}

TEST_CASE("a stream's row that ends too early or too late is none") {
  const std::string row = rows::encode(full_facts());
  for (std::size_t size = 0; size < row.size(); ++size) {
    CHECK_FALSE(rows::decode_stream(std::string_view(row).substr(0, size)));
  }
  CHECK_FALSE(rows::decode_stream(row + "x"));
}

TEST_CASE("a row with another byte is none, or is written the same again") {
  const std::string row = rows::encode(full_facts());
  const std::string shard = rows::encode(Shard{2, {0, 9}, 17, 16, 0, 1, ShardEnd{5, 18, 17}});
  for (const std::string& good : {row, shard}) {
    for (std::size_t i = 1; i < good.size(); ++i) {  // Another version has another meaning.
      for (int byte = 0; byte < 256; ++byte) {
        std::string other = good;
        other[i] = static_cast<char>(byte);
        const auto facts = rows::decode_stream(other);
        const auto decoded_shard = rows::decode_shard(other);
        CAPTURE(i);
        CAPTURE(byte);
        if (facts) REQUIRE(rows::encode(*facts) == other);
        if (decoded_shard) REQUIRE(rows::encode(*decoded_shard) == other);
      }
    }
  }
}

TEST_CASE("a row of another version is none") {
  std::string row = rows::encode(full_facts());
  for (const char version : {'\0', '\2', '\xff'}) {
    row[0] = version;
    CHECK_FALSE(rows::decode_stream(row));
  }
}

TEST_CASE_FIXTURE(SettingsTest,
                  "a setting takes effect when its UPDATING ends, also over a restart") {
  TransitionDelays delays;
  delays.update = 5s;
  reopen(delays);
  create(4, StreamMode::kProvisioned);
  REQUIRE(encrypt("alias/a"));

  CHECK(find()->state().facts->status_at(clock_.now()) == StreamStatus::kUpdating);
  CHECK_FALSE(find()->state().facts->settings.kms_key_id);
  CHECK(encrypt("alias/b").error().code == kResourceInUse);
  reopen(delays);
  clock_.advance(5s);
  CHECK(find()->state().facts->status_at(clock_.now()) == StreamStatus::kActive);
  CHECK(find()->state().facts->settings.kms_key_id == "alias/a");
  REQUIRE(encrypt("alias/a"));  // Changes nothing, so nothing is updating.
  CHECK(find()->state().facts->status_at(clock_.now()) == StreamStatus::kActive);
}

TEST_CASE_FIXTURE(SettingsTest,
                  "an on-demand stream grows by the load of a window that has passed") {
  const StreamPointer stream = create(4, StreamMode::kOnDemand);
  put(*stream, 40, 0);  // 40 of 60 MiB: above half.
  put(*stream, 20, kUint128Max);

  clock_.advance(59s);
  CHECK(find()->state().shards->open_count() == 4);
  clock_.advance(1s);
  const auto shards = find()->state().shards;
  CHECK(shards->open_count() == 5);
  CHECK_FALSE(shards->find(0)->is_open());
  CHECK(shards->children(0).size() == 2);
  CHECK(shards->find(3)->is_open());
  reopen();
  CHECK(find()->state().shards->open_count() == 5);
}

TEST_CASE_FIXTURE(SettingsTest,
                  "its capacity doubles at most, and again only after a quarter of an hour") {
  create(4, StreamMode::kOnDemand);
  const auto load_everything = [&] {
    const StreamPointer stream = find();
    for (const Shard* shard : stream->state().shards->open_shards()) {
      put(*stream, 31, shard->range.start);
    }
    clock_.advance(60s);
    return find()->state().shards->open_count();
  };

  CHECK(load_everything() == 8);
  CHECK(load_everything() == 8);
  clock_.advance(15min);
  find();
  CHECK(load_everything() == 10);  // The peak was 4.2 shards' worth, rounded up.
}

TEST_CASE_FIXTURE(SettingsTest, "a provisioned stream does not grow") {
  const StreamPointer stream = create(4, StreamMode::kProvisioned);
  put(*stream, 60, 0);
  clock_.advance(2min);
  CHECK(find()->state().shards->open_count() == 4);
}

TEST_CASE_FIXTURE(SettingsTest, "records keep the encryption of the time they came") {
  const StreamPointer stream = create(4, StreamMode::kProvisioned);
  const NewRecord record{"key", uint128{0}, "data"};
  CHECK_FALSE(stream->put({&record, 1}, storage::When::kNow)->is_encrypted);
  REQUIRE(encrypt("alias/a"));
  CHECK(find()->put({&record, 1}, storage::When::kNow)->is_encrypted);
  REQUIRE(encrypt(std::nullopt));
  CHECK_FALSE(find()->put({&record, 1}, storage::When::kNow)->is_encrypted);

  const auto read = find()->read(0, {}, {});
  REQUIRE(read->records.size() == 3);
  CHECK_FALSE(read->records[0].is_encrypted);
  CHECK(read->records[1].is_encrypted);
  CHECK_FALSE(read->records[2].is_encrypted);
}

TEST_CASE_FIXTURE(SettingsTest,
                  "an account's commitment lasts a day at least, also over a restart") {
  const auto open = [&] { return std::move(*Accounts::open(engine_, clock_)); };
  auto accounts = open();
  const auto status = [&] {
    return accounts->commitment({"000000000000", "us-east-1"}).status_at(clock_.now());
  };
  const auto set = [&](bool is_enabled) {
    REQUIRE(accounts->set_commitment({"000000000000", "us-east-1"}, is_enabled));
  };

  CHECK(status() == CommitmentStatus::kDisabled);
  set(true);
  CHECK(status() == CommitmentStatus::kEnabled);
  clock_.advance(1h);
  set(false);
  accounts = open();
  CHECK(status() == CommitmentStatus::kEnabledUntilEarliestEnd);
  clock_.advance(23h - 1ms);
  CHECK(status() == CommitmentStatus::kEnabledUntilEarliestEnd);
  clock_.advance(1ms);
  CHECK(status() == CommitmentStatus::kDisabled);
  CHECK(accounts->commitment({"000000000000", "us-east-1"}).end() == kStart + 24h);
  CHECK(accounts->commitment({"000000000000", "eu-west-1"}).end() == std::nullopt);
  set(true);
  clock_.advance(30h);
  set(false);
  CHECK(status() == CommitmentStatus::kDisabled);
}

TEST_CASE_FIXTURE(SettingsTest,
                  "a commitment that another server has written is heard of, and kept") {
  const Scope scope{"000000000000", "us-east-1"};
  const auto accounts = std::move(*Accounts::open(engine_, clock_));
  Commitment theirs;
  theirs.enable(clock_.now());
  storage::TableBatch batch;
  batch.put(rows::account_row_key(scope), rows::encode(theirs));
  REQUIRE(engine_.write(batch));

  CHECK(accounts->commitment(scope).started_at == kStart);
  clock_.advance(1h);
  REQUIRE(accounts->set_commitment(scope, true));
  CHECK(accounts->commitment(scope).started_at == kStart);
  storage::TableBatch removal;
  removal.remove(rows::account_row_key(scope));
  REQUIRE(engine_.write(removal));
  CHECK_FALSE(accounts->commitment(scope).started_at);
}

TEST_CASE("a consumer made again in the same second is another one, dated by the clock") {
  Consumers consumers;
  NewConsumer wanted;
  wanted.name = "c";
  const auto first = register_consumer(consumers, wanted, kOrders, kStart);
  REQUIRE(first);
  REQUIRE(deregister_consumer(consumers, "c", kOrders, 0ms, kStart));
  const auto second = register_consumer(consumers, wanted, kOrders, kStart);

  REQUIRE(second);
  CHECK(second->creation_second == first->creation_second);
  CHECK_FALSE(second->is_same(*first));
}

TEST_CASE("a consumer lives from CREATING over ACTIVE and DELETING to nothing") {
  Consumers consumers;
  NewConsumer wanted;
  wanted.name = "c";
  wanted.delay = 5s;
  REQUIRE(register_consumer(consumers, wanted, kOrders, kStart));

  CHECK(find_consumer(consumers, "c", kStart)->status_at(kStart) == ConsumerStatus::kCreating);
  const auto early = deregister_consumer(consumers, "c", kOrders, 5s, kStart + 4999ms);
  CHECK(early.error().code == kResourceInUse);
  REQUIRE(deregister_consumer(consumers, "c", kOrders, 5s, kStart + 5s));
  CHECK(find_consumer(consumers, "c", kStart + 9s)->status_at(kStart + 9s) ==
        ConsumerStatus::kDeleting);
  CHECK(find_consumer(consumers, "c", kStart + 10s) == nullptr);
  CHECK(count_consumers(consumers, kStart + 10s) == 0);
}

}  // namespace millrace::streams
