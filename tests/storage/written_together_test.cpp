// Appends that are written with others (When::kWithOthers), on a store whose calls are counted and
// can be made to fail.

#include <cstdint>
#include <deque>
#include <filesystem>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include "base/error.h"
#include "storage/engine.h"
#include "storage/errors.h"
#include "storage/rocksdb/rocksdb_engine.h"
#include "storage/rocksdb/rocksdb_options.h"
#include "tests/storage/engine_contract.h"
#include "tests/storage/fault_file_system.h"
#include "tests/storage/temp_directory.h"
#include "tests/storage/workload.h"

namespace millrace::storage {
namespace {

class WrittenTogetherTest {
 protected:
  WrittenTogetherTest() { std::filesystem::create_directories(shadow()); }

  OpenStore must_open() {
    std::filesystem::create_directories(root_.path() / "data");
    RocksDbOptions options;
    options.fsync = Fsync::kInterval;
    options.boot_id = {1, 1};
    options.file_system = files_.file_system();
    auto store = open_store(root_.path() / "data", options);
    REQUIRE(store);
    return std::move(*store);
  }

  // What who waits for the append is told; nothing while it is not decided.
  const std::optional<Result<void>>& append_with_others(Engine& engine, LogId log,
                                                        const std::string& text) {
    const auto receipt = append(engine, log, {text}, When::kWithOthers);
    REQUIRE(receipt);
    positions_.push_back(receipt->appended[0].first);
    auto& told = told_.emplace_back();
    engine.when_durable(receipt->ticket, [&told](Result<void> outcome) { told = outcome; });
    return told;
  }

  [[nodiscard]] std::filesystem::path shadow() const { return root_.path() / "shadow"; }

  TempDirectory root_;
  FaultFileSystem files_{root_.path() / "data", root_.path() / "shadow"};
  std::vector<Position> positions_;

 private:
  std::deque<std::optional<Result<void>>> told_;
};

TEST_CASE_FIXTURE(WrittenTogetherTest, "many that wait are one write, and all are told") {
  const OpenStore store = must_open();
  REQUIRE(append(*store.engine, 1, {"first"}));
  const std::uint64_t before = files_.calls(FileCall::kAppend);
  std::vector<const std::optional<Result<void>>*> told;
  for (int i = 0; i < 20; ++i) {
    told.push_back(&append_with_others(*store.engine, 1 + i % 3, std::to_string(i)));
  }
  CHECK(files_.calls(FileCall::kAppend) == before);

  store.engine->commit();

  CHECK(files_.calls(FileCall::kAppend) == before + 1);
  for (const auto* one : told) {
    REQUIRE(*one);
    CHECK(**one);
  }
}

TEST_CASE_FIXTURE(WrittenTogetherTest,
                  "when the write fails all are told, and nothing is read, also later") {
  {
    const OpenStore store = must_open();
    REQUIRE(append(*store.engine, 1, {"kept"}));
    const auto& first = append_with_others(*store.engine, 1, "lost");
    const auto& second = append_with_others(*store.engine, 2, "lost as well");
    files_.fail_at(FileCall::kAppend, 1, Fault::kIoError, false);

    const auto now = append(*store.engine, 1, {"refused"});

    REQUIRE_FALSE(now);
    CHECK(now.error().code == kFailed);
    for (const auto* told : {&first, &second}) {
      REQUIRE(*told);
      REQUIRE_FALSE(**told);
      CHECK((*told)->error().code == kFailed);
    }
    CHECK(read_texts(*store.engine, 1) == std::vector<std::string>{"kept"});
    CHECK(read_texts(*store.engine, 2).empty());
    CHECK_FALSE(append(*store.engine, 1, {"late"}, When::kWithOthers));
  }
  files_.heal();

  const OpenStore store = must_open();

  CHECK(read_texts(*store.engine, 1) == std::vector<std::string>{"kept"});
  CHECK(read_texts(*store.engine, 2).empty());
  CHECK(append(*store.engine, 1, {"more"})->appended[0].first > positions_[0]);
}

TEST_CASE_FIXTURE(WrittenTogetherTest, "what waits is bounded: beyond that it is written at once") {
  const OpenStore store = must_open();
  const std::string half(kStagedBytesMax / 2, 'x');

  const auto& first = append_with_others(*store.engine, 1, half);
  CHECK_FALSE(first);
  const auto& second = append_with_others(*store.engine, 2, half);

  REQUIRE(first);
  CHECK(*first);
  REQUIRE(second);
  CHECK(*second);
  CHECK(read_texts(*store.engine, 1) == std::vector<std::string>{half});
}

TEST_CASE_FIXTURE(WrittenTogetherTest, "a clean stop writes what waits") {
  {
    const OpenStore store = must_open();
    const auto& told = append_with_others(*store.engine, 1, "waits");
    CHECK_FALSE(told);
  }

  const OpenStore store = must_open();

  CHECK(read_texts(*store.engine, 1) == std::vector<std::string>{"waits"});
}

TEST_CASE_FIXTURE(WrittenTogetherTest, "a log that is dropped takes with it what waits for it") {
  const OpenStore store = must_open();
  const auto& told = append_with_others(*store.engine, 1, "gone");
  const LogId log = 1;

  REQUIRE(store.engine->drop({&log, 1}));

  REQUIRE(told);
  CHECK(*told);
  CHECK(read_texts(*store.engine, 1).empty());
}

}  // namespace
}  // namespace millrace::storage
