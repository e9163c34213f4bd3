// Files of a data directory are damaged, one at a time: bits flipped, ends cut off, bytes zeroed,
// the file removed. Opening refuses with a sentence, or what is served is right and the rest an
// error.

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <ios>
#include <iterator>
#include <map>
#include <random>
#include <set>
#include <string>
#include <string_view>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include "base/digest.h"
#include "base/random.h"
#include "storage/directory.h"
#include "storage/engine.h"
#include "storage/errors.h"
#include "storage/rocksdb/rocksdb_options.h"
#include "tests/storage/engine_contract.h"
#include "tests/storage/temp_directory.h"
#include "tests/storage/workload.h"

namespace millrace::storage {
namespace {

namespace fs = std::filesystem;

constexpr LogId kLogs = 3;
constexpr LogId kDropped = 8;
constexpr int kRows = 40;
const int kMutations = is_long_run() ? 1400 : 110;

// Seeds that found something once.
const std::vector<std::uint64_t> kKept = {};

std::string text_of(LogId log, int i) {
  std::string text = "log " + std::to_string(log) + " entry " + std::to_string(i) + " ";
  std::mt19937_64 filler(log * 1000 + static_cast<std::uint64_t>(i));
  while (text.size() < 1500) text.push_back(static_cast<char>(filler()));
  return text;
}

std::string row_text(int i) { return "value " + std::to_string(i) + std::string(50, 'v'); }
std::string row_name(int i) { return "row " + std::to_string(100 + i); }

RocksDbOptions options() {
  RocksDbOptions options;
  options.fsync = Fsync::kNever;
  options.write_buffer_bytes = 256UL << 10U;
  options.boot_id = {1, 1};
  return options;
}

// A directory as kill -9 leaves it: tables, several logs, a trim, a dropped log, rows.
class Golden {
 public:
  Golden() {
    fs::create_directories(root_.path() / "live");
    auto store = open_store(root_.path() / "live", options());
    REQUIRE(store);
    SystemRandom random;
    REQUIRE(store->directory->seal_key(random));
    Engine& engine = *store->engine;
    for (int i = 0; i < 300; ++i) {
      const LogId log = 1 + static_cast<LogId>(i) % kLogs;
      write(engine, log);
      if (i == 100) REQUIRE(append(engine, kDropped, {"dropped"}));
      if (i < kRows) put_row(engine, i);
      if (i == 200) trim_and_drop(engine);
      // Flushes fall behind otherwise.
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    settle();
    fs::copy(root_.path() / "live", path(), fs::copy_options::recursive);
  }

  [[nodiscard]] fs::path path() const { return root_.path() / "killed"; }

  // Every file, each kind as often as the others.
  [[nodiscard]] std::map<std::string, std::vector<fs::path>> files() const {
    std::map<std::string, std::vector<fs::path>> found;
    for (const auto& entry : fs::recursive_directory_iterator(path())) {
      if (!entry.is_regular_file()) continue;
      const std::string name = entry.path().filename();
      std::string kind = entry.path().extension();
      if (kind.empty()) kind = name.substr(0, name.find('-'));
      found[kind].push_back(fs::relative(entry.path(), path()));
    }
    return found;
  }

  std::map<LogId, std::vector<ReadEntry>> entries;  // From the trim point on.
  Position trimmed = 0;

 private:
  void write(Engine& engine, LogId log) {
    const std::string text = text_of(log, static_cast<int>(entries[log].size()));
    auto receipt = append(engine, log, {text});
    while (!receipt && receipt.error().code == kBusy) {
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
      receipt = append(engine, log, {text});
    }
    REQUIRE(receipt);
    entries[log].push_back({receipt->appended[0].first, receipt->appended[0].arrival, text});
  }

  static void put_row(Engine& engine, int i) {
    TableBatch batch;
    batch.put(row_name(i), row_text(i));
    auto ticket = engine.write(batch);
    while (!ticket) ticket = engine.write(batch);
  }

  void trim_and_drop(Engine& engine) {
    trimmed = entries[1][10].position;
    const Trim trim{1, trimmed};
    REQUIRE(engine.trim({&trim, 1}));
    REQUIRE(engine.drop({&kDropped, 1}));
  }

  // Waits until no file comes or goes any more.
  void settle() {
    std::set<std::string> before;
    for (;;) {
      std::set<std::string> now;
      for (const auto& [kind, paths] : list()) now.insert(kind + std::to_string(paths));
      if (now == before) return;
      before = std::move(now);
      std::this_thread::sleep_for(std::chrono::milliseconds(300));
    }
  }

  [[nodiscard]] std::map<std::string, std::uintmax_t> list() const {
    std::map<std::string, std::uintmax_t> found;
    for (const auto& entry : fs::directory_iterator(root_.path() / "live" / "db")) {
      std::error_code ignored;  // It may be gone again.
      found[entry.path().filename()] = entry.file_size(ignored);
    }
    return found;
  }

  TempDirectory root_;
};

// Damages `file` in a way chosen by `random`; what was done, as a sentence.
std::string damage(const fs::path& file, std::mt19937_64& random) {
  const auto up_to = [&](std::uint64_t limit) {
    return std::uniform_int_distribution<std::uint64_t>(0, limit)(random);
  };
  const std::uint64_t size = fs::file_size(file);
  const std::uint64_t how = up_to(9);
  if (how == 0 || size == 0) {
    fs::remove(file);
    return "removed";
  }
  if (how <= 2) {
    const std::uint64_t left = how == 1 && up_to(3) == 0 ? 0 : up_to(size - 1);
    fs::resize_file(file, left);
    return "cut to " + std::to_string(left) + " of " + std::to_string(size);
  }
  std::string bytes = *read_whole(file);
  // Small offsets hold headers and are hit as often as the rest together.
  const std::uint64_t at =
      up_to(1) == 0 ? up_to(std::min<std::uint64_t>(size, 64) - 1) : up_to(size - 1);
  std::string done;
  if (how <= 4) {
    const std::uint64_t count =
        how == 3 ? size - at : std::min<std::uint64_t>(size - at, 1 + up_to(600));
    std::fill_n(bytes.begin() + static_cast<std::ptrdiff_t>(at), count, '\0');
    done = "zeroed " + std::to_string(count) + " bytes at " + std::to_string(at);
  } else {
    const std::uint64_t bit = up_to(7);
    bytes[at] = static_cast<char>(static_cast<unsigned char>(bytes[at]) ^ (1U << bit));
    done = "flipped bit " + std::to_string(bit) + " of byte " + std::to_string(at);
  }
  std::ofstream(file, std::ios::binary) << bytes;
  return done + " of " + std::to_string(size);
}

// What an engine over a damaged directory may say.
class Examination {
 public:
  Examination(const Golden& golden, Engine& engine) : golden_(golden), engine_(engine) {}

  // Whether anything was answered with an error.
  bool run() {
    for (const auto& [log, entries] : golden_.entries) examine(log, entries);
    examine_rows();
    return has_error_;
  }

 private:
  void examine(LogId log, const std::vector<ReadEntry>& all) {
    CAPTURE(log);
    const auto bounds = engine_.bounds(log);
    if (!bounds) return note(bounds.error());
    const Position begin = log == 1 ? golden_.trimmed : 0;
    CHECK(bounds->begin == begin);
    CHECK(bounds->next > all.back().position);  // A damaged boot id begins another epoch.
    auto wanted =
        std::ranges::find_if(all, [&](const ReadEntry& entry) { return entry.position >= begin; });
    const auto done = engine_.read(log, begin, ~Position{0}, [&](const Entries& entries) {
      for (const ReadEntry& entry : apart(entries)) {
        CHECK(wanted != all.end());
        if (wanted == all.end()) return false;
        CHECK(entry.position == wanted->position);
        CHECK(entry.arrival == wanted->arrival);
        CHECK((entry.bytes == wanted->bytes));
        ++wanted;
      }
      return true;
    });
    if (!done) return note(done.error());
    CHECK_MESSAGE(wanted == all.end(), "the scan is short");
  }

  void examine_rows() {
    for (int i = 0; i < kRows; ++i) {
      const auto value = engine_.get(row_name(i));
      if (!value) {
        note(value.error());
        continue;
      }
      CHECK(value->value_or("nothing") == row_text(i));
    }
    int count = 0;
    const auto done = engine_.scan("row ", [&](std::string_view key, std::string_view value) {
      CHECK(key == row_name(count));
      CHECK(value == row_text(count));
      ++count;
      return true;
    });
    if (!done) return note(done.error());
    CHECK(count == kRows);
  }

  void note(const Error& error) {
    CHECK_FALSE(error.message.empty());
    has_error_ = true;
  }

  const Golden& golden_;
  Engine& engine_;
  bool has_error_ = false;
};

struct Tally {
  int refused = 0;
  int errors = 0;
  int harmless = 0;
};

// Opens what is at `path` twice: what was lost must not be missed by the second opening either.
void examine(const Golden& golden, const fs::path& path, Tally& tally) {
  for (int i = 0; i < 2; ++i) {
    auto store = open_store(path, options());
    if (!store) {
      CHECK(store.error().code == kCannotOpen);
      CHECK(store.error().message.size() > 20);
      ++tally.refused;
      return;
    }
    const bool has_error = Examination(golden, *store->engine).run();
    SystemRandom random;
    if (const auto key = store->directory->seal_key(random)) CHECK(*key != SealKey{});
    // Time does not jump: what arrives now arrives within a day of the last.
    if (const auto receipt = append(*store->engine, 20, {"new"})) {
      CHECK(receipt->appended[0].arrival < kAppendTime + std::chrono::hours(24));
      CHECK(store->engine->newest_arrival() < kAppendTime + std::chrono::hours(24));
    }
    if (i == 0) ++(has_error ? tally.errors : tally.harmless);
  }
}

void mutate(const Golden& golden, std::uint64_t seed, std::map<std::string, Tally>& tallies) {
  std::mt19937_64 random(seed);
  const auto files = golden.files();
  auto kind = std::next(files.begin(), static_cast<std::ptrdiff_t>(random() % files.size()));
  // These hold nothing that is read; others are more worth while.
  static const std::set<std::string> kIdle = {"LOCK", "lock", "IDENTITY", "OPTIONS"};
  while (kIdle.contains(kind->first) && random() % 4 != 0) {
    kind = std::next(files.begin(), static_cast<std::ptrdiff_t>(random() % files.size()));
  }
  const fs::path file = kind->second[random() % kind->second.size()];
  TempDirectory root;
  const fs::path path = root.path() / "data";
  fs::copy(golden.path(), path, fs::copy_options::recursive);
  const std::string what = file.string() + " " + damage(path / file, random);
  CAPTURE(seed);
  CAPTURE(what);
  const Deadline deadline("mutation of seed " + std::to_string(seed) + ": " + what, 60);
  examine(golden, path, tallies[kind->first]);
}

}  // namespace

TEST_CASE("a damaged file is refused, answered with an error or harmless, never silently wrong") {
  const Golden golden;
  std::map<std::string, Tally> tallies;
  if (const char* one = std::getenv("MILLRACE_SEED")) {
    return mutate(golden, std::strtoull(one, nullptr, 10), tallies);
  }
  for (const std::uint64_t seed : kKept) mutate(golden, seed, tallies);
  std::random_device device;
  for (int i = 0; i < kMutations; ++i) mutate(golden, device(), tallies);

  for (const auto& [kind, tally] : tallies) {
    MESSAGE(kind << ": " << tally.refused << " refused, " << tally.errors << " errors, "
                 << tally.harmless << " harmless");
  }
}

}  // namespace millrace::storage
