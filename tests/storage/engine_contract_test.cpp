#include "tests/storage/engine_contract.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <future>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include "base/time_point.h"
#include "storage/batch.h"
#include "storage/directory.h"
#include "storage/engine.h"
#include "storage/errors.h"
#include "storage/memory_engine.h"
#include "storage/rocksdb/rocksdb_engine.h"
#include "storage/rocksdb/rocksdb_options.h"
#include "storage/row_listeners.h"
#include "tests/storage/temp_directory.h"

namespace millrace::storage {
namespace {

using namespace std::chrono_literals;

struct OnDisk {
  TempDirectory temp;
  std::unique_ptr<Directory> directory;
  std::unique_ptr<Directory> second;
};

EngineUnderTest rocksdb_on_disk(Fsync fsync) {
  EngineUnderTest test;
  auto place = std::make_shared<OnDisk>();
  place->directory = std::make_unique<Directory>(std::move(*Directory::open(place->temp.path())));
  RocksDbOptions options;
  options.fsync = fsync;
  test.engine = std::move(*open_rocksdb(*place->directory, options));
  test.surroundings = place;
  test.checkpoint_place = place->temp.path() / "snapshot";
  test.open_from = [options, place](const Origin& origin) {
    place->second =
        std::make_unique<Directory>(std::move(*Directory::open(place->temp.path() / "second")));
    return open_rocksdb_from(origin, *place->second, options);
  };
  return test;
}

EngineUnderTest rocksdb_in_memory() {
  EngineUnderTest test;
  RocksDbOptions options;
  options.file_system = memory_file_system();
  test.engine = std::move(*open_ephemeral(options));
  test.checkpoint_place = "/snapshot";
  options.memory_place = "/second";
  test.open_from = [options](const Origin& origin) { return open_ephemeral_from(origin, options); };
  return test;
}

EngineUnderTest memory_engine() {
  EngineUnderTest test;
  auto engine = std::make_unique<MemoryEngine>(7);
  test.checkpoint_place = "snapshot";
  test.open_from = [source = engine.get()](const Origin& origin) {
    return Result<std::unique_ptr<Engine>>(std::make_unique<MemoryEngine>(*source, origin));
  };
  test.engine = std::move(engine);
  return test;
}

struct Subject {
  const char* name;
  std::function<EngineUnderTest()> make;
};

const std::vector<Subject>& subjects() {
  static const std::vector<Subject> kSubjects = {
      {"RocksDB, fsync interval", [] { return rocksdb_on_disk(Fsync::kInterval); }},
      {"RocksDB, fsync always", [] { return rocksdb_on_disk(Fsync::kAlways); }},
      {"RocksDB, in memory", rocksdb_in_memory},
      {"MemoryEngine", memory_engine},
  };
  return kSubjects;
}

// Waits until what `ticket` names may be seen; bounded.
void settle(const Engine& engine, Ticket ticket) {
  const auto deadline = std::chrono::steady_clock::now() + 10s;
  while (!engine.is_durable(ticket) && std::chrono::steady_clock::now() < deadline) {
    std::this_thread::sleep_for(1ms);
  }
  REQUIRE(engine.is_durable(ticket));
}

void put(Engine& engine, LogId log, const std::vector<std::string>& entries,
         TimePoint now = kAppendTime) {
  const auto receipt = append(engine, log, entries, When::kNow, now);
  REQUIRE(receipt);
  settle(engine, receipt->ticket);
}

template <class Test>
void over_every_engine(Test test) {
  for (const Subject& subject : subjects()) {
    CAPTURE(subject.name);
    const EngineUnderTest under_test = subject.make();
    test(*under_test.engine);
  }
}

}  // namespace

TEST_CASE("an engine says what it can do") {
  CHECK(rocksdb_on_disk(Fsync::kInterval).engine->has(Capability::kPersistence));
  CHECK_FALSE(rocksdb_in_memory().engine->has(Capability::kPersistence));
  CHECK_FALSE(memory_engine().engine->has(Capability::kPersistence));
  over_every_engine([](Engine& engine) { CHECK(engine.has(Capability::kCheckpoints)); });
}

TEST_CASE("an acknowledged batch is read back in order, with consecutive positions") {
  over_every_engine([](Engine& engine) {
    const auto receipt = append(engine, 5, {"a", "", "ccc"});
    REQUIRE(receipt);
    settle(engine, receipt->ticket);

    const auto entries = read_all(engine, 5);

    REQUIRE(entries.size() == 3);
    const Position first = receipt->appended[0].first;
    CHECK(entries[0].position == first);
    CHECK(entries[1].position == first + 1);
    CHECK(entries[2].position == first + 2);
    CHECK(entries[0].bytes == "a");
    CHECK(entries[1].bytes == "");
    CHECK(entries[2].bytes == "ccc");
  });
}

TEST_CASE("positions of a log rise strictly and its arrival times never fall") {
  over_every_engine([](Engine& engine) {
    TimePoint newest{};
    for (int i = 0; i < 50; ++i) {
      const TimePoint now = kAppendTime + (i % 7) * 5ms;  // It may be told late.
      newest = std::max(newest, now);
      put(engine, 1, {"x", "y"}, now);
      put(engine, 2, {"z"}, now - 1ms);
    }

    const auto entries = read_all(engine, 1);

    REQUIRE(entries.size() == 100);
    for (std::size_t i = 1; i < entries.size(); ++i) {
      CHECK(entries[i].position > entries[i - 1].position);
      CHECK(entries[i].arrival >= entries[i - 1].arrival);
    }
    CHECK(entries.front().arrival == kAppendTime);
    CHECK(entries.back().arrival == newest);
    CHECK(read_all(engine, 2).back().arrival == newest - 1ms);
  });
}

TEST_CASE("logs do not see each other, also where their ids are neighbours") {
  over_every_engine([](Engine& engine) {
    put(engine, 1, {"one"});
    put(engine, 2, {"two"});
    put(engine, 3, {"three"});

    CHECK(read_texts(engine, 2) == std::vector<std::string>{"two"});
    CHECK(read_texts(engine, 4).empty());
  });
}

TEST_CASE("one append takes several logs and gives each its positions") {
  over_every_engine([](Engine& engine) {
    const Batch first = batch_of({"a"});
    const Batch second = batch_of({"b", "c"});
    const std::vector<LogBatch> batches = {{9, &first}, {4, &second}};

    const auto receipt = engine.append(batches, kAppendTime, When::kNow);

    REQUIRE(receipt);
    REQUIRE(receipt->appended.size() == 2);
    settle(engine, receipt->ticket);
    CHECK(read_texts(engine, 9, receipt->appended[0].first) == std::vector<std::string>{"a"});
    CHECK(read_texts(engine, 4, receipt->appended[1].first) == std::vector<std::string>{"b", "c"});
  });
}

TEST_CASE("a read begins inside a batch and ends before the end it is given") {
  over_every_engine([](Engine& engine) {
    const auto receipt = append(engine, 1, {"0", "1", "2", "3", "4"});
    REQUIRE(receipt);
    settle(engine, receipt->ticket);
    const Position first = receipt->appended[0].first;

    const auto entries = read_all(engine, 1, first + 2, first + 4);

    REQUIRE(entries.size() == 2);
    CHECK(entries[0].bytes == "2");
    CHECK(entries[1].bytes == "3");
  });
}

TEST_CASE("entries are lent until the visitor says stop") {
  over_every_engine([](Engine& engine) {
    for (const char* text : {"a", "b", "c"}) put(engine, 1, {text});
    std::vector<std::string> seen;
    const auto done = engine.read(1, 0, ~Position{0}, [&](const Entries& entries) {
      for (const ReadEntry& entry : apart(entries)) seen.push_back(entry.bytes);
      return seen.size() < 2;
    });
    REQUIRE(done);
    CHECK(seen == std::vector<std::string>{"a", "b"});
  });
}

TEST_CASE("a batch larger than a value is cut and read back whole") {
  over_every_engine([](Engine& engine) {
    std::vector<std::string> entries;
    for (int i = 0; i < 40; ++i) entries.emplace_back(20'000 + i, static_cast<char>('a' + i % 26));
    entries.emplace_back(3 * kValueBytesMax, 'L');
    entries.emplace_back("last");
    put(engine, 1, entries);

    CHECK(read_texts(engine, 1) == entries);
  });
}

TEST_CASE("position_at finds the first entry that arrived at a time or later") {
  over_every_engine([](Engine& engine) {
    const TimePoint start = kAppendTime;
    std::vector<Position> firsts;
    for (int i = 0; i < 20; ++i) {
      const auto receipt = append(engine, 1, {"x", "y", "z"}, When::kNow, start + i * 10ms);
      REQUIRE(receipt);
      settle(engine, receipt->ticket);
      firsts.push_back(receipt->appended[0].first);
    }
    const auto at = [&](std::chrono::milliseconds offset) {
      return *engine.position_at(1, 0, start + offset);
    };

    for (int i = 0; i < 20; ++i) {
      CAPTURE(i);
      const auto next = static_cast<std::size_t>(i) + 1;
      CHECK(at(i * 10ms) == firsts[static_cast<std::size_t>(i)]);
      const Position after = next < firsts.size() ? firsts[next] : engine.bounds(1)->published;
      CHECK(at(i * 10ms + 1ms) == after);
    }
    CHECK(at(-1ms) <= firsts[0]);
    CHECK(*engine.position_at(1, firsts[5] + 1, start) == firsts[5] + 1);
  });
}

TEST_CASE("bounds say where a log begins and ends") {
  over_every_engine([](Engine& engine) {
    CHECK(engine.bounds(1)->published == engine.bounds(1)->next);
    const auto receipt = append(engine, 1, {"a", "b"});
    REQUIRE(receipt);
    settle(engine, receipt->ticket);

    const auto bounds = engine.bounds(1);

    REQUIRE(bounds);
    CHECK(bounds->published == receipt->appended[0].first + 2);
    CHECK(bounds->next == bounds->published);
    CHECK(bounds->last_arrival == kAppendTime);
  });
}

TEST_CASE("sizes tell what each log takes, until it is trimmed or dropped") {
  over_every_engine([](Engine& engine) {
    const auto sizes = [&] {
      std::map<LogId, std::uint64_t> all;
      CHECK(engine.visit_sizes([&](LogId log, std::uint64_t bytes) { all[log] += bytes; }));
      return all;
    };
    CHECK(sizes().empty());
    const std::string large(100'000, 'x');
    for (const LogId log : {1, 2, 3}) put(engine, log, {large, log == 2 ? large : "y"});

    auto all = sizes();
    REQUIRE(all.size() == 3);
    CHECK(all[1] >= 100'000);
    CHECK(all[1] < 110'000);
    CHECK(all[2] >= 200'000);
    CHECK(all[2] < 220'000);
    CHECK(engine.usage().memory_bytes + engine.usage().disk_bytes > 400'000);
    const Trim trim{1, engine.bounds(1)->published};
    REQUIRE(engine.trim({&trim, 1}));
    const LogId dropped = 2;
    REQUIRE(engine.drop({&dropped, 1}));
    all = sizes();
    CHECK(all.size() == 1);
    CHECK(all.contains(3));
  });
}

TEST_CASE("a trim point never falls") {
  over_every_engine([](Engine& engine) {
    put(engine, 1, {"a", "b", "c"});
    const Trim high{1, 2};
    const Trim low{1, 1};

    REQUIRE(engine.trim({&high, 1}));
    REQUIRE(engine.trim({&low, 1}));

    CHECK(engine.bounds(1)->begin == 2);
  });
}

TEST_CASE("a dropped log is empty and its neighbours are not") {
  over_every_engine([](Engine& engine) {
    put(engine, 1, {"a"});
    put(engine, 2, {"b"});
    const LogId dropped = 1;

    REQUIRE(engine.drop({&dropped, 1}));

    CHECK(read_texts(engine, 1).empty());
    CHECK(read_texts(engine, 2) == std::vector<std::string>{"b"});
  });
}

TEST_CASE("logs dropped together are empty, and those between and beside them are not") {
  over_every_engine([](Engine& engine) {
    for (LogId log = 1; log <= 8; ++log) put(engine, log, {"a", "b"});
    const std::array<LogId, 4> dropped = {7, 3, 2, 4};

    REQUIRE(engine.drop(dropped));

    for (LogId log = 1; log <= 8; ++log) {
      CAPTURE(log);
      const bool is_dropped = std::ranges::find(dropped, log) != dropped.end();
      CHECK(read_texts(engine, log).size() == (is_dropped ? 0 : 2));
    }
  });
}

TEST_CASE("rows are written together, read and scanned in the order of their keys") {
  over_every_engine([](Engine& engine) {
    TableBatch first;
    first.put("b2", "two");
    first.put("b1", "one");
    first.put("c", "other");
    REQUIRE(engine.write(first));
    TableBatch second;
    second.put("b3", "three");
    second.remove("b1");
    REQUIRE(engine.write(second));

    std::vector<std::string> found;
    REQUIRE(engine.scan("b", [&](std::string_view key, std::string_view value) {
      found.push_back(std::string(key) + "=" + std::string(value));
      return true;
    }));

    CHECK(found == std::vector<std::string>{"b2=two", "b3=three"});
    CHECK(engine.get("c")->value() == "other");
    CHECK_FALSE(engine.get("b1")->has_value());
  });
}

TEST_CASE("changes are made only if rows are as expected") {
  over_every_engine([](Engine& engine) {
    TableBatch first;
    first.expect("a", std::nullopt);
    first.put("a", "1");
    REQUIRE(engine.write(first));

    for (const auto& wrong : {std::optional<std::string>(), std::optional<std::string>("0"),
                              std::optional<std::string>("")}) {
      TableBatch lost;
      lost.expect("a", wrong);
      lost.put("a", "2");
      lost.put("b", "2");
      const auto written = engine.write(lost);
      REQUIRE_FALSE(written);
      CHECK(written.error().code == kConflict);
    }
    CHECK(*engine.get("a") == "1");
    CHECK_FALSE(engine.get("b")->has_value());

    TableBatch both;
    both.expect("a", "1");
    both.expect("b", std::nullopt);
    both.remove("a");
    both.put("b", "3");
    REQUIRE(engine.write(both));
    CHECK_FALSE(engine.get("a")->has_value());
    CHECK(*engine.get("b") == "3");
    CHECK(engine.writable());
  });
}

TEST_CASE("of those who change a row at the same time one wins each step") {
  over_every_engine([](Engine& engine) {
    constexpr int kThreads = 4;
    constexpr int kSteps = 100;
    std::atomic<int> won{0};
    std::vector<std::thread> threads;
    for (int thread = 0; thread < kThreads; ++thread) {
      threads.emplace_back([&] {
        for (int mine = 0; mine < kSteps;) {
          const auto row = *engine.get("n");
          TableBatch batch;
          batch.expect("n", row);
          batch.put("n", std::to_string(row ? std::stoi(*row) + 1 : 1));
          const auto written = engine.write(batch);
          if (written) {
            ++mine;
            ++won;
          } else if (written.error().code != kConflict && written.error().code != kBusy) {
            return;
          }
        }
      });
    }
    for (std::thread& thread : threads) thread.join();
    CHECK(won == kThreads * kSteps);
    CHECK(*engine.get("n") == std::to_string(kThreads * kSteps));
  });
}

TEST_CASE("who listens to rows hears of each batch that was written, in order, before its writer") {
  over_every_engine([](Engine& engine) {
    std::vector<std::string> heard;
    auto token = engine.on_rows([&](std::span<const RowChange> changes) {
      std::string line;
      for (const RowChange& change : changes) {
        line += change.key + '=' + change.value.value_or("-") + ' ';
      }
      heard.push_back(line);
    });
    TableBatch first;
    first.put("a", "1");
    first.remove("b");
    REQUIRE(engine.write(first));
    CHECK(heard == std::vector<std::string>{"a=1 b=- "});

    TableBatch lost;
    lost.expect("a", "0");
    lost.put("a", "2");
    REQUIRE_FALSE(engine.write(lost));
    REQUIRE(append(engine, 1, {"an entry is no row"}));
    TableBatch second;
    second.put("c", "3");
    REQUIRE(engine.write(second));
    CHECK(heard == std::vector<std::string>{"a=1 b=- ", "c=3 "});

    token = {};
    REQUIRE(engine.write(first));
    CHECK(heard.size() == 2);  // It no longer listens.
  });
}

TEST_CASE("the listener hears each publication with the end that is readable then") {
  over_every_engine([](Engine& engine) {
    std::atomic<Position> heard{0};
    engine.on_publish([&](LogId log, Position end) {
      if (log == 1) heard = end;
    });
    const auto receipt = append(engine, 1, {"a", "b"});
    REQUIRE(receipt);
    settle(engine, receipt->ticket);

    CHECK(heard == engine.bounds(1)->published);
  });
}

TEST_CASE("writers at the same time lose nothing and share no position") {
  over_every_engine([](Engine& engine) {
    constexpr int kWriters = 4;
    constexpr int kBatches = 100;
    std::vector<std::thread> writers;
    std::atomic<int> failures{0};
    for (int w = 0; w < kWriters; ++w) {
      writers.emplace_back([&engine, &failures, w] {
        for (int i = 0; i < kBatches; ++i) {
          const auto receipt = patiently([&] {
            return append(engine, 1, {std::to_string(w) + ":" + std::to_string(i), "tail"});
          });
          if (!receipt) ++failures;
        }
      });
    }
    for (std::thread& writer : writers) writer.join();
    const auto last = append(engine, 1, {"end"});
    REQUIRE(last);
    settle(engine, last->ticket);

    const auto entries = read_all(engine, 1);

    CHECK(failures == 0);
    CHECK(entries.size() == 2 * kWriters * kBatches + 1);
    CHECK(std::ranges::adjacent_find(entries, [](const ReadEntry& a, const ReadEntry& b) {
            return a.position >= b.position;
          }) == entries.end());
  });
}

TEST_CASE("a reader never passes an entry that is not visible yet") {
  over_every_engine([](Engine& engine) {
    constexpr std::size_t kWriters = 3;
    constexpr std::size_t kEntriesEach = 1000;
    std::vector<std::thread> writers;
    for (std::size_t w = 0; w < kWriters; ++w) {
      writers.emplace_back([&engine] {
        for (std::size_t i = 0; i < kEntriesEach; ++i) {
          if (!patiently([&] { return append(engine, 1, {"x"}); })) return;
        }
      });
    }
    std::vector<Position> chained;
    Position from = 0;
    const auto deadline = std::chrono::steady_clock::now() + 60s;
    while (chained.size() < kWriters * kEntriesEach &&
           std::chrono::steady_clock::now() < deadline) {
      for (const ReadEntry& entry : read_all(engine, 1, from)) {
        chained.push_back(entry.position);
        from = entry.position + 1;
      }
    }
    for (std::thread& writer : writers) writer.join();
    std::vector<Position> whole;
    for (const ReadEntry& entry : read_all(engine, 1, 0, from)) whole.push_back(entry.position);

    CHECK(chained == whole);
    CHECK(chained.size() == kWriters * kEntriesEach);
  });
}

TEST_CASE("what is written with others has positions at once and is there after a commit") {
  over_every_engine([](Engine& engine) {
    const auto first = append(engine, 1, {"a", "b"}, When::kWithOthers);
    const auto second = append(engine, 1, {"c"}, When::kWithOthers);
    REQUIRE(first);
    REQUIRE(second);
    CHECK(second->appended[0].first >= first->appended[0].first + 2);
    CHECK(read_texts(engine, 1).empty());
    CHECK_FALSE(engine.is_durable(first->ticket));
    std::promise<Result<void>> durable;
    engine.when_durable(first->ticket, [&](Result<void> told) { durable.set_value(told); });

    engine.commit();

    CHECK(durable.get_future().get());
    settle(engine, second->ticket);
    const auto entries = read_all(engine, 1);
    REQUIRE(entries.size() == 3);
    CHECK(entries[0].position == first->appended[0].first);
    CHECK(entries[2].position == second->appended[0].first);
    CHECK(engine.bounds(1)->published == engine.bounds(1)->next);
  });
}

TEST_CASE("what waits to be written with others goes with whatever is written next") {
  over_every_engine([](Engine& engine) {
    REQUIRE(append(engine, 1, {"waits"}, When::kWithOthers));
    REQUIRE(append(engine, 2, {"waits as well"}, When::kWithOthers));
    const auto now = append(engine, 1, {"now"});
    REQUIRE(now);

    settle(engine, now->ticket);

    CHECK(read_texts(engine, 1) == std::vector<std::string>{"waits", "now"});
    CHECK(read_texts(engine, 2) == std::vector<std::string>{"waits as well"});
  });
}

TEST_CASE("with completions by hand nothing is visible or durable before them") {
  MemoryEngine engine(3, MemoryEngine::Completion::kByHand);
  const auto receipt = append(engine, 1, {"late"});
  REQUIRE(receipt);
  bool was_called = false;
  engine.when_durable(receipt->ticket,
                      [&](const Result<void>& durable) { was_called = durable.has_value(); });

  CHECK(read_texts(engine, 1).empty());
  CHECK_FALSE(engine.is_durable(receipt->ticket));
  CHECK_FALSE(was_called);

  engine.complete();

  CHECK(read_texts(engine, 1) == std::vector<std::string>{"late"});
  CHECK(was_called);
}

TEST_CASE("the memory budget of an ephemeral store refuses writes and keeps reads") {
  RocksDbOptions options;
  options.memory_bytes_max = 0;
  const auto engine = open_ephemeral(options);
  REQUIRE(engine);

  const auto refused = append(**engine, 1, {"x"});

  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == kFull);
  CHECK(read_texts(**engine, 1).empty());
}

namespace {

template <class Test>
void over_every_engine_with_checkpoints(Test test) {
  for (const Subject& subject : subjects()) {
    CAPTURE(subject.name);
    const EngineUnderTest under_test = subject.make();
    REQUIRE(under_test.engine->has(Capability::kCheckpoints));
    test(under_test);
  }
}

void write_row(Engine& engine, const std::string& key, const std::string& value) {
  TableBatch batch;
  batch.put(key, value);
  REQUIRE(engine.write(batch));
}

}  // namespace

TEST_CASE("an engine opened from a checkpoint holds what was there then, and nothing later") {
  over_every_engine_with_checkpoints([](const EngineUnderTest& test) {
    put(*test.engine, 5, {"a", "b"});
    put(*test.engine, 6, {"gone"});
    put(*test.engine, 7, {"trimmed", "kept"});
    write_row(*test.engine, "row", "then");
    const Trim trim{7, read_all(*test.engine, 7)[1].position};
    REQUIRE(test.engine->trim({&trim, 1}));
    const LogId dropped = 6;
    REQUIRE(test.engine->drop({&dropped, 1}));
    REQUIRE(test.engine->checkpoint(test.checkpoint_place));
    const auto then = read_all(*test.engine, 5);
    put(*test.engine, 5, {"later"});
    put(*test.engine, 8, {"later"});
    write_row(*test.engine, "row", "later");
    write_row(*test.engine, "other", "later");

    const auto opened = test.open_from({test.checkpoint_place, test.engine->positions_end()});

    REQUIRE(opened);
    const Engine& engine = **opened;
    const auto entries = read_all(engine, 5);
    REQUIRE(entries.size() == 2);
    CHECK(entries[0].position == then[0].position);
    CHECK(entries[0].arrival == then[0].arrival);
    CHECK(entries[1].position == then[1].position);
    CHECK(read_texts(engine, 5) == std::vector<std::string>{"a", "b"});
    CHECK(read_texts(engine, 6).empty());
    CHECK(read_texts(engine, 7, engine.bounds(7)->begin) == std::vector<std::string>{"kept"});
    CHECK(read_texts(engine, 8).empty());
    CHECK(engine.get("row") == "then");
    CHECK(engine.get("other") == std::nullopt);
    CHECK(read_texts(*test.engine, 5) == std::vector<std::string>{"a", "b", "later"});
  });
}

TEST_CASE("an engine opened from a checkpoint gives no position that the other has given") {
  over_every_engine_with_checkpoints([](const EngineUnderTest& test) {
    put(*test.engine, 5, {"a"});
    REQUIRE(test.engine->checkpoint(test.checkpoint_place));
    for (int i = 0; i < 20; ++i) put(*test.engine, 5, {"later"});
    put(*test.engine, 6, {"later"});
    const Position end = test.engine->positions_end();

    const auto opened = test.open_from({test.checkpoint_place, end});

    REQUIRE(opened);
    for (const LogId log : {LogId{5}, LogId{6}, LogId{7}}) {
      put(**opened, log, {"new"});
      CHECK(read_all(**opened, log).back().position >= end);
    }
    CHECK(read_all(*test.engine, 5).back().position < end);
    CHECK(read_all(*test.engine, 6).back().position < end);
    CHECK((*opened)->positions_end() > end);
  });
}

TEST_CASE("a checkpoint stays as it is, whatever becomes of the engines") {
  over_every_engine_with_checkpoints([](const EngineUnderTest& test) {
    put(*test.engine, 5, {"a"});
    REQUIRE(test.engine->checkpoint(test.checkpoint_place));
    auto first = test.open_from({test.checkpoint_place, test.engine->positions_end()});
    REQUIRE(first);
    put(**first, 5, {"of the first"});
    const Position end = (*first)->positions_end();
    const LogId log = 5;
    REQUIRE((*first)->drop({&log, 1}));
    first->reset();
    CHECK_FALSE(test.engine->checkpoint(test.checkpoint_place));  // It is there already.

    put(*test.engine, 5, {"b"});
    CHECK(read_texts(*test.engine, 5) == std::vector<std::string>{"a", "b"});
    REQUIRE(test.engine->checkpoint(test.checkpoint_place + "2"));
    CHECK(end > 0);
  });
}

TEST_CASE("a checkpoint among writes holds all that was acknowledged before, and no gap") {
  over_every_engine_with_checkpoints([](const EngineUnderTest& test) {
    constexpr LogId kWriters = 3;
    std::atomic<bool> is_over{false};
    std::array<std::atomic<std::size_t>, kWriters> acknowledged{};
    std::vector<std::thread> writers;
    for (LogId log = 0; log < kWriters; ++log) {
      writers.emplace_back([&, log] {
        for (std::size_t i = 0; !is_over; ++i) {
          const auto one = [&] { return append(*test.engine, log, {std::to_string(i)}); };
          if (patiently(one)) acknowledged[log] = i + 1;
        }
      });
    }
    while (std::ranges::any_of(acknowledged, [](const auto& count) { return count < 100; })) {
      std::this_thread::sleep_for(1ms);
    }
    std::array<std::size_t, kWriters> before{};
    std::ranges::copy(acknowledged, before.begin());

    const auto written = patiently([&] { return test.engine->checkpoint(test.checkpoint_place); });

    is_over = true;
    for (std::thread& writer : writers) writer.join();
    REQUIRE(written);
    const auto opened = test.open_from({test.checkpoint_place, test.engine->positions_end()});
    REQUIRE(opened);
    for (LogId log = 0; log < kWriters; ++log) {
      const auto texts = read_texts(**opened, log);
      CHECK(texts.size() >= before.at(log));
      CHECK(texts.size() <= acknowledged.at(log));
      std::size_t expected = 0;
      for (const std::string& text : texts) CHECK((text == std::to_string(expected++)));
    }
  });
}

}  // namespace millrace::storage
