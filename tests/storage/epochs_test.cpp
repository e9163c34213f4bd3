// Logs over several epochs: reading on, giving room back, and what is known after a crash.

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include "base/bytes.h"
#include "base/time_point.h"
#include "storage/engine.h"
#include "storage/errors.h"
#include "storage/rocksdb/keys.h"
#include "storage/rocksdb/log_states.h"
#include "storage/rocksdb/rocksdb_options.h"
#include "tests/storage/engine_contract.h"
#include "tests/storage/fault_file_system.h"
#include "tests/storage/temp_directory.h"
#include "tests/storage/workload.h"

namespace millrace::storage {
namespace {

namespace fs = std::filesystem;

constexpr LogId kBusyLog = 1;
constexpr LogId kRareLog = 2;
constexpr LogId kOtherLog = 3;
constexpr std::size_t kEntryBytes = 100'000;
constexpr std::size_t kEntriesOfAnEpoch = 10;  // At least, as the store below is opened.
constexpr std::chrono::seconds kPatience{20};  // For room to be given back.
constexpr std::uint64_t kNotYet = 1UL << 40U;

class EpochsTest {
 protected:
  EpochsTest() { fs::create_directories(path()); }

  // With a small write buffer: an epoch takes about 1 MiB.
  [[nodiscard]] OpenStore must_open(std::shared_ptr<rocksdb::FileSystem> files = nullptr,
                                    Epoch epoch_max = kEpochMax) {
    RocksDbOptions options;
    options.fsync = Fsync::kNever;
    options.boot_id = {1, 1};
    options.write_buffer_bytes = 2UL << 20U;
    options.epoch_max = epoch_max;
    options.file_system = std::move(files);
    auto opened = open_store(path(), options);
    INFO((opened ? "" : opened.error().message));
    REQUIRE(opened);
    return std::move(*opened);
  }

  // The store afterwards is what a kill -9 leaves after `work`. (A process made by fork would have
  // none of RocksDB's threads.)
  void until_killed(const std::function<void(Engine&)>& work) {
    const fs::path shadow = temp_.path() / "shadow";
    const fs::path left = temp_.path() / "left";
    fs::create_directories(shadow);
    {
      FaultFileSystem files(path(), shadow);
      const OpenStore store = must_open(files.file_system());
      files.mark_is_synced();
      files.end_at(kNotYet, End::kKill, left, 1);
      work(*store.engine);
      files.end_now();
    }
    fs::remove_all(path());
    fs::rename(left, path());
  }

  // Appends to the busy log until its epoch is another one; the entry numbers are those of `next_`.
  // Each entry arrives a second after the one before.
  void append_until_next_epoch(Engine& engine) {
    const auto first = append_one(engine, kBusyLog);
    REQUIRE(first);
    for (int i = 0; i < 1000; ++i) {
      const auto position = append_one(engine, kBusyLog);
      REQUIRE(position);
      if (epoch_of(*position) != epoch_of(*first)) return;
    }
    FAIL("the epoch does not end");
  }

  std::optional<Position> append_one(Engine& engine, LogId log) {
    now_ += std::chrono::seconds(1);
    const std::string text = text_of(next_++);
    const auto receipt = patiently([&] { return append(engine, log, {text}, When::kNow, now_); });
    if (!receipt) return std::nullopt;
    return receipt->appended[0].first;
  }

  // Of random bytes, so that it stays as large as it is.
  static std::string text_of(std::uint64_t number) {
    std::string text = std::to_string(number) + ":";
    std::uint64_t state = number + 1;
    while (text.size() < kEntryBytes) {
      state = state * 6364136223846793005U + 1442695040888963407U;
      text.push_back(static_cast<char>(state >> 56U));
    }
    return text;
  }

  [[nodiscard]] std::uint64_t table_bytes() const {
    std::uint64_t bytes = 0;
    for (const auto& entry : fs::directory_iterator(path() / "db")) {
      std::error_code gone;
      const auto size = fs::file_size(entry.path(), gone);
      if (entry.path().extension() == ".sst" && !gone) bytes += size;
    }
    return bytes;
  }

  // Whether the table files come down to `bytes`.
  [[nodiscard]] bool shrinks_to(std::uint64_t bytes) const {
    const auto end = std::chrono::steady_clock::now() + kPatience;
    while (table_bytes() > bytes) {
      if (std::chrono::steady_clock::now() > end) return false;
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
    return true;
  }

  TimePoint now_ = kAppendTime;
  std::uint64_t next_ = 0;

 private:
  [[nodiscard]] fs::path path() const { return temp_.path() / "data"; }

  TempDirectory temp_;
};

std::vector<std::string> numbers_of(const Engine& engine, LogId log, Position from = 0) {
  std::vector<std::string> numbers;
  for (const std::string& text : read_texts(engine, log, from)) {
    numbers.push_back(text.substr(0, text.find(':')));
  }
  return numbers;
}

std::vector<std::string> range(std::uint64_t first, std::uint64_t end) {
  std::vector<std::string> numbers;
  for (std::uint64_t number = first; number < end; ++number) {
    numbers.push_back(std::to_string(number));
  }
  return numbers;
}

}  // namespace

TEST_CASE("keys of batches are ordered by epoch, log and count, and are read back") {
  std::vector<std::string> keys;
  for (const Epoch epoch : {Epoch{0}, Epoch{1}, Epoch{256}, kEpochMax}) {
    for (const LogId log : {LogId{0}, LogId{1}, LogId{1} << 24U, LogId{1} << 40U, ~LogId{0}}) {
      for (const Position count : {Position{0}, Position{1}, (Position{1} << kEpochShift) - 1}) {
        const std::string key(to_view(record_key(log, start_of(epoch) | count)));
        const auto parsed = parse_record_key(key);
        REQUIRE(parsed);
        CHECK(parsed->log == log);
        CHECK(parsed->last == (start_of(epoch) | count));
        CHECK(key >= epoch_begin_key(epoch));
        CHECK(key < epoch_begin_key(epoch + 1));
        CHECK(key < record_key_end(log, epoch));
        keys.push_back(key);
      }
    }
  }
  CHECK(std::ranges::is_sorted(keys));
}

TEST_CASE_FIXTURE(EpochsTest, "behind the last epoch nothing is written, and all before is read") {
  const OpenStore store = must_open(nullptr, 1);
  Engine& engine = *store.engine;
  append_until_next_epoch(engine);
  std::uint64_t accepted = next_;
  while (append_one(engine, kBusyLog)) {
    accepted = next_;
    REQUIRE(accepted < 1000);
  }
  const auto refused = append(engine, kBusyLog, {"more"});
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == kFull);
  CHECK(refused.error().message == "All positions have been given.");
  CHECK(numbers_of(engine, kBusyLog) == range(0, accepted));
}

TEST_CASE_FIXTURE(EpochsTest,
                  "logs are read on over epochs, also those that have nothing in some") {
  const auto check = [&](const Engine& engine, std::uint64_t rare_again) {
    std::vector<std::string> busy = range(1, rare_again);
    for (const std::string& number : range(rare_again + 1, next_)) busy.push_back(number);
    CHECK(numbers_of(engine, kBusyLog) == busy);
    CHECK(numbers_of(engine, kRareLog) ==
          std::vector<std::string>{"0", std::to_string(rare_again)});
    CHECK(numbers_of(engine, kOtherLog).empty());
  };
  std::uint64_t rare_again = 0;
  {
    const OpenStore store = must_open();
    const auto first = append_one(*store.engine, kRareLog);
    for (int i = 0; i < 4; ++i) append_until_next_epoch(*store.engine);
    rare_again = next_;
    const auto again = append_one(*store.engine, kRareLog);
    append_until_next_epoch(*store.engine);
    REQUIRE((first && again));
    CHECK(epoch_of(*again) >= epoch_of(*first) + 4);
    CHECK(numbers_of(*store.engine, kRareLog, *first + 1) ==
          std::vector<std::string>{std::to_string(rare_again)});
    CHECK(numbers_of(*store.engine, kRareLog, *again + 1).empty());
    check(*store.engine, rare_again);
  }

  check(*must_open().engine, rare_again);
}

TEST_CASE(
    "a log that is seldom written keeps a bounded list of its epochs, which leaves none out") {
  LogState state(1, 0);
  std::vector<Epoch> entered;
  for (Epoch epoch = 0; epoch < 1000; epoch += 2 + epoch % 3) {
    state.enter(epoch);
    state.enter(epoch);
    entered.push_back(epoch);

    const LogState::Runs runs = state.runs();
    REQUIRE(runs->size() <= LogState::kRunsMax);
    for (std::size_t i = 1; i < runs->size(); ++i) {
      REQUIRE((*runs)[i - 1].last + 1 < (*runs)[i].first);
    }
    for (const Epoch one : entered) {
      REQUIRE(std::ranges::any_of(
          *runs, [&](const EpochRun& run) { return run.first <= one && one <= run.last; }));
    }
  }

  state.trimmed = start_of(500);
  state.enter(1000);

  CHECK(state.runs()->front().last >= 500);
  const auto head = decode_head(encode_head(state.head()));
  REQUIRE(head);
  CHECK(head->runs.size() == state.runs()->size());
  CHECK(head->runs.back().last == 1000);
}

TEST_CASE_FIXTURE(EpochsTest, "entries are found by their time over epochs") {
  const OpenStore store = must_open();
  for (int i = 0; i < 4; ++i) append_until_next_epoch(*store.engine);
  const std::vector<ReadEntry> entries = read_all(*store.engine, kBusyLog);
  REQUIRE(entries.size() == next_);

  for (std::size_t i = 0; i < entries.size(); ++i) {
    CAPTURE(i);
    const auto found = store.engine->position_at(kBusyLog, 0, entries[i].arrival);
    REQUIRE(found);
    CHECK(*found == entries[i].position);
    const auto later = store.engine->position_at(kBusyLog, entries[i].position,
                                                 entries[i].arrival + std::chrono::milliseconds(1));
    REQUIRE(later);
    const Position next = i + 1 < entries.size() ? entries[i + 1].position
                                                 : store.engine->bounds(kBusyLog)->published;
    CHECK(*later == next);
  }
}

TEST_CASE_FIXTURE(EpochsTest, "a search by time finds what looking through all entries does") {
  const OpenStore store = must_open();
  for (std::size_t i = 0; i < 60; ++i) {
    std::vector<std::string> texts;
    for (std::size_t k = 0; k <= i % 4; ++k) texts.push_back(text_of(next_++));
    REQUIRE(patiently([&] { return append(*store.engine, kBusyLog, texts, When::kNow, now_); }));
    if (i % 17 == 0) REQUIRE(append_one(*store.engine, kRareLog));
    if (i % 3 != 0) now_ += std::chrono::seconds(1);  // Else the next one comes at the same time.
  }
  for (const LogId log : {kBusyLog, kRareLog}) {
    const std::vector<ReadEntry> entries = read_all(*store.engine, log);
    const Position end = store.engine->bounds(log)->published;
    for (std::size_t from = 0; from < entries.size(); from += 3) {
      for (const ReadEntry& sought : entries) {
        for (const auto later : {std::chrono::milliseconds(0), std::chrono::milliseconds(1)}) {
          const TimePoint time = sought.arrival + later;
          const auto expected =
              std::find_if(entries.begin() + static_cast<std::ptrdiff_t>(from), entries.end(),
                           [&](const ReadEntry& entry) { return entry.arrival >= time; });
          const auto found = store.engine->position_at(log, entries[from].position, time);
          REQUIRE(found);
          REQUIRE(*found == (expected == entries.end() ? end : expected->position));
        }
      }
    }
  }
}

TEST_CASE_FIXTURE(EpochsTest, "room of what was trimmed comes back, the rest stays") {
  const OpenStore store = must_open();
  for (int i = 0; i < 8; ++i) append_until_next_epoch(*store.engine);
  const std::vector<ReadEntry> entries = read_all(*store.engine, kBusyLog);
  const std::size_t kept_from = entries.size() - kEntriesOfAnEpoch;

  const Trim trim{kBusyLog, entries[kept_from].position};
  REQUIRE(patiently([&] { return store.engine->trim({&trim, 1}); }));

  CHECK(shrinks_to(3 * kEntriesOfAnEpoch * kEntryBytes));
  CHECK(numbers_of(*store.engine, kBusyLog) == range(kept_from, next_));
}

TEST_CASE_FIXTURE(EpochsTest, "room of a dropped log comes back, also from epochs it shares") {
  std::vector<std::string> kept;
  {
    const OpenStore store = must_open();
    for (int i = 0; i < 6; ++i) {
      append_until_next_epoch(*store.engine);
      kept.push_back(std::to_string(next_));
      REQUIRE(append_one(*store.engine, kOtherLog));
    }
    append_until_next_epoch(*store.engine);
    const LogId busy = kBusyLog;
    REQUIRE(patiently([&] { return store.engine->drop({&busy, 1}); }));

    CHECK(shrinks_to((kept.size() + 2 * kEntriesOfAnEpoch) * kEntryBytes));
    CHECK(numbers_of(*store.engine, kOtherLog) == kept);
    CHECK(numbers_of(*store.engine, kBusyLog).empty());
  }
  const OpenStore store = must_open();

  CHECK(numbers_of(*store.engine, kOtherLog) == kept);
  CHECK(numbers_of(*store.engine, kBusyLog).empty());
}

TEST_CASE_FIXTURE(EpochsTest,
                  "room that was not given back before a crash is given back after it") {
  until_killed([&](Engine& engine) {
    for (int i = 0; i < 6; ++i) append_until_next_epoch(engine);
    const LogId busy = kBusyLog;
    REQUIRE(patiently([&] { return engine.drop({&busy, 1}); }));
  });

  const OpenStore store = must_open();

  CHECK(shrinks_to(kEntryBytes));
}

TEST_CASE_FIXTURE(EpochsTest,
                  "what the running epoch held is there after a crash, what was dropped is not") {
  until_killed([&](Engine& engine) {
    append_until_next_epoch(engine);
    REQUIRE(append(engine, kRareLog, {"rare"}));
    REQUIRE(append(engine, kOtherLog, {"other"}));
    const LogId other = kOtherLog;
    REQUIRE(patiently([&] { return engine.drop({&other, 1}); }));
  });

  for (int opening = 0; opening < 3; ++opening) {
    CAPTURE(opening);
    const OpenStore store = must_open();
    CHECK(read_texts(*store.engine, kRareLog) == std::vector<std::string>{"rare"});
    CHECK(read_texts(*store.engine, kOtherLog).empty());
    CHECK(store.engine->bounds(kOtherLog)->last_arrival == TimePoint{});
    CHECK_FALSE(read_texts(*store.engine, kBusyLog).empty());
  }
}

TEST_CASE_FIXTURE(EpochsTest, "readers and writers meet no gap while epochs end and room is made") {
  const OpenStore store = must_open();
  constexpr std::uint64_t kEntries = 300;
  std::thread writer([&] {
    for (std::uint64_t i = 0; i < kEntries; ++i) (void)append_one(*store.engine, kBusyLog);
  });
  std::uint64_t seen = 0;
  Position at = 0;
  const auto end = std::chrono::steady_clock::now() + kPatience;
  std::vector<std::string> wrong;
  while (seen < kEntries && wrong.empty() && std::chrono::steady_clock::now() < end) {
    for (const ReadEntry& entry : read_all(*store.engine, kBusyLog, at)) {
      if (entry.bytes != text_of(seen)) wrong.push_back(entry.bytes.substr(0, 20));
      ++seen;
      at = entry.position + 1;
    }
    const Trim trim{kBusyLog, at};
    if (!patiently([&] { return store.engine->trim({&trim, 1}); })) wrong.emplace_back("trim");
  }
  writer.join();

  CHECK(wrong.empty());
  CHECK(seen == kEntries);
}

}  // namespace millrace::storage
