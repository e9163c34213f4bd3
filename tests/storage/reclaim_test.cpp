#include "storage/rocksdb/reclaim.h"

#include <atomic>
#include <chrono>
#include <memory>
#include <thread>
#include <utility>

#include <doctest/doctest.h>

#include "storage/engine.h"
#include "storage/rocksdb/epochs.h"
#include "storage/rocksdb/keys.h"
#include "storage/rocksdb/log_states.h"
#include "storage/rocksdb/rocksdb_store.h"

namespace millrace::storage {
namespace {

using std::chrono::milliseconds;

constexpr LogId kGoneLog = 7;
constexpr std::chrono::seconds kLong{20};

// The running epoch is dead, is worth ending, and never ends: each look finds it still there.
class UnendingEpoch {
 public:
  UnendingEpoch() {
    auto opened =
        RocksDbStore::open("store", {}, true, nullptr, [](LogId, Position) { return false; });
    REQUIRE(opened);
    store_ = std::move(*opened);
    EpochContents contents;
    contents.bytes = Reclaimer::kWorthBytes;
    contents.parts = {{kGoneLog, 1, contents.bytes}};
    rocksdb::WriteBatch batch;
    check(batch.Put(store_->tables(), contents_key(0), encode_contents(contents)));
    REQUIRE(store_->write(batch, true).ok());
    LogState gone(kGoneLog, 0);
    epochs_.add(gone, 1, contents.bytes);
  }

  [[nodiscard]] std::unique_ptr<Reclaimer> reclaimer(milliseconds pause) {
    Reclaimer::Hooks hooks;
    hooks.end_epoch = [this] { ++looks_; };
    hooks.write = [](const TableBatch&) {};
    auto reclaimer =
        std::make_unique<Reclaimer>(*store_, states_, epochs_, std::move(hooks), pause);
    reclaimer->start();
    return reclaimer;
  }

  [[nodiscard]] int looks() const { return looks_; }
  void wait_for_looks(int count) const {
    const auto deadline = std::chrono::steady_clock::now() + kLong;
    while (looks_ < count) {
      REQUIRE(std::chrono::steady_clock::now() < deadline);
      std::this_thread::sleep_for(milliseconds(1));
    }
  }

 private:
  std::unique_ptr<RocksDbStore> store_;
  LogStates states_;
  Epochs epochs_{states_};
  std::atomic<int> looks_{0};
};

TEST_CASE("what cannot go is tried so many times, and then once for whatever dies next") {
  UnendingEpoch epoch;
  const auto reclaimer = epoch.reclaimer(milliseconds(1));
  epoch.wait_for_looks(Reclaimer::kTriesMax);
  std::this_thread::sleep_for(milliseconds(100));
  CHECK(epoch.looks() == Reclaimer::kTriesMax);

  reclaimer->wake();
  epoch.wait_for_looks(Reclaimer::kTriesMax + 1);
  std::this_thread::sleep_for(milliseconds(100));
  CHECK(epoch.looks() == Reclaimer::kTriesMax + 1);
}

TEST_CASE("a pause between two tries ends when the store is closed") {
  UnendingEpoch epoch;
  const auto reclaimer = epoch.reclaimer(kLong);
  epoch.wait_for_looks(1);
  const auto before = std::chrono::steady_clock::now();
  reclaimer->stop();
  CHECK(std::chrono::steady_clock::now() - before < kLong / 2);
}

}  // namespace
}  // namespace millrace::storage
