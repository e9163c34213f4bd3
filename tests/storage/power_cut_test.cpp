// Power cuts and kills at random calls of the file system, one after the other on one store.

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include <doctest/doctest.h>

#include "storage/engine.h"
#include "storage/rocksdb/mark.h"
#include "storage/rocksdb/rocksdb_options.h"
#include "tests/storage/engine_contract.h"
#include "tests/storage/fault_file_system.h"
#include "tests/storage/temp_directory.h"
#include "tests/storage/workload.h"

namespace millrace::storage {
namespace {

namespace fs = std::filesystem;

constexpr int kEndsPerSeed = 3;
const int kSeeds = is_long_run() ? 225 : 16;  // Three ends in four are power cuts.

// Seeds that found something once.
const std::vector<std::uint64_t> kKept = {};

std::vector<std::uint64_t> seeds() {
  if (const char* one = std::getenv("MILLRACE_SEED")) return {std::strtoull(one, nullptr, 10)};
  std::vector<std::uint64_t> all = kKept;
  std::random_device device;
  for (int i = 0; i < kSeeds; ++i) all.push_back(device());
  return all;
}

// One store that ends again and again.
class Lives {
 public:
  Lives(std::uint64_t seed, Fsync fsync) : seed_(seed), fsync_(fsync), random_(seed) {
    fs::create_directories(root_.path() / "0");
  }

  void run() {
    for (int i = 0; i < kEndsPerSeed; ++i) live(i);
    FaultFileSystem files(directory(kEndsPerSeed), shadow(kEndsPerSeed));
    const auto store = open_store(directory(kEndsPerSeed), options(files));
    INFO((store ? "" : store.error().message));
    REQUIRE(store);
    check(*store->engine);
  }

  [[nodiscard]] int cuts() const { return cuts_; }
  [[nodiscard]] std::size_t durable_count() const { return journal_.durable_count(); }

 private:
  void live(int i) {
    const End end = up_to(3) == 0 ? End::kKill : End::kPowerCut;
    FaultFileSystem files(directory(i), shadow(i));
    bool was_open = false;
    const bool ends_early = up_to(4) == 0;
    files.end_at(1 + up_to(ends_early ? 60 : 3000), end, directory(i + 1), random_());
    {
      auto store = open_store(directory(i), options(files));
      INFO((store ? "" : store.error().message));
      REQUIRE((store || files.has_ended()));
      if (store) {
        was_open = true;
        files.mark_is_synced();
        check(*store->engine);
        Workload work{journal_, [&] { return files.has_ended(); },
                      [&] { return files.wal_syncs_begun(); }, fsync_ == Fsync::kAlways};
        work.run(*store->engine, random_());
      }
      files.end_now();
    }
    fs::remove_all(directory(i));
    fs::remove_all(shadow(i));
    if (end == End::kPowerCut) {
      ++boot_.low;
      ++cuts_;
    }
    if (!was_open) return;  // What was accepted earlier was decided then.
    if (end == End::kKill) {
      journal_.keep_accepted(~std::uint64_t{0});
    } else if (fsync_ == Fsync::kInterval) {
      journal_.keep_accepted(files.wal_syncs_completed());
    }
  }

  void check(const Engine& engine) {
    const auto faults = journal_.check(engine);
    for (std::size_t i = 0; i < faults.size() && i < 10; ++i) FAIL_CHECK(faults[i]);
  }

  RocksDbOptions options(const FaultFileSystem& files) {
    RocksDbOptions options;
    options.fsync = fsync_;
    options.sync_interval = std::chrono::milliseconds(5);
    options.write_buffer_bytes = 1UL << 20U;
    options.boot_id = boot_;
    options.file_system = files.file_system();
    return options;
  }

  std::uint64_t up_to(std::uint64_t limit) {
    return std::uniform_int_distribution<std::uint64_t>(0, limit)(random_);
  }

  [[nodiscard]] fs::path directory(int i) const { return root_.path() / std::to_string(i); }
  [[nodiscard]] fs::path shadow(int i) const {
    const fs::path path = root_.path() / ("shadow" + std::to_string(i));
    fs::create_directories(path);
    return path;
  }

  const std::uint64_t seed_;
  const Fsync fsync_;
  std::mt19937_64 random_;
  TempDirectory root_;
  BootId boot_{1, 1};
  Journal journal_;
  int cuts_ = 0;
};

void run_seeds(Fsync fsync) {
  std::size_t kept = 0;
  int ends = 0;
  int cuts = 0;
  for (const std::uint64_t seed : seeds()) {
    CAPTURE(seed);
    const Deadline deadline("power cuts of seed " + std::to_string(seed), 120);
    Lives lives(seed, fsync);
    lives.run();
    ends += kEndsPerSeed;
    cuts += lives.cuts();
    kept += lives.durable_count();
  }
  MESSAGE(ends << " ends, " << cuts << " of them power cuts, " << kept << " entries kept");
}

// Waits until one more sync of the write-ahead log is complete; false if none comes.
bool see_sync(const FaultFileSystem& files) {
  const std::uint64_t before = files.wal_syncs_completed();
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(10);
  while (files.wal_syncs_completed() == before && std::chrono::steady_clock::now() < end) {
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  return files.wal_syncs_completed() > before;
}

}  // namespace

TEST_CASE("a sync in the middle of a write promises nothing of that write") {
  constexpr std::size_t kSeveralAppends = 4UL << 20U;
  constexpr int kTriesMax = 20;
  for (std::uint64_t seed = 1; seed <= 6; ++seed) {
    CAPTURE(seed);
    TempDirectory root;
    for (const char* name : {"data", "shadow"}) fs::create_directories(root.path() / name);
    FaultFileSystem files(root.path() / "data", root.path() / "shadow");
    files.end_at(~std::uint64_t{0} >> 1U, End::kPowerCut, root.path() / "left", seed);
    RocksDbOptions options;
    options.fsync = Fsync::kInterval;
    options.sync_interval = std::chrono::milliseconds(200);
    options.boot_id = {1, 1};
    options.file_system = files.file_system();
    {
      auto store = open_store(root.path() / "data", options);
      REQUIRE(store);
      // So that the next sync is far.
      REQUIRE(append(*store->engine, 1, {"before"}));
      REQUIRE(see_sync(files));
      bool is_synced = false;
      for (int tries = 0; !is_synced; ++tries) {
        REQUIRE(tries < kTriesMax);
        const std::uint64_t syncs = files.wal_syncs_completed();
        REQUIRE(append(*store->engine, 1, {"kept"}));
        // On a busy machine it may be synced before the write begins; then no sync is due in it.
        files.before_append(
            2, [&] { is_synced = files.wal_syncs_completed() == syncs && see_sync(files); });
        REQUIRE(append(*store->engine, 1, {std::string(kSeveralAppends, 'x')}));
      }
      files.end_now();
    }
    options.boot_id = {2, 2};
    options.file_system = nullptr;
    const auto store = open_store(root.path() / "left", options);
    INFO((store ? "" : store.error().message));
    REQUIRE(store);
    const auto texts = read_texts(*store->engine, 1);
    REQUIRE(texts.size() >= 2);
    CHECK(texts[0] == "before");
    CHECK(texts[1] == "kept");
  }
}

TEST_CASE("with fsync always a power cut loses nothing that was acknowledged") {
  run_seeds(Fsync::kAlways);
}

TEST_CASE("with fsync interval a power cut loses a suffix of each log, since the last sync") {
  run_seeds(Fsync::kInterval);
}

TEST_CASE("with fsync never a power cut loses a suffix of each log") { run_seeds(Fsync::kNever); }

}  // namespace millrace::storage
