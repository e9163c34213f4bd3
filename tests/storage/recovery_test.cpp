// What is left after an end of any kind, and what is refused.

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <future>
#include <ios>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <doctest/doctest.h>
#include <signal.h>  // NOLINT(modernize-deprecated-headers): SIGKILL is POSIX.
#include <stdlib.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/error.h"
#include "base/random.h"
#include "storage/directory.h"
#include "storage/engine.h"
#include "storage/errors.h"
#include "storage/rocksdb/keys.h"
#include "storage/rocksdb/mark.h"
#include "storage/rocksdb/rocksdb_engine.h"
#include "storage/rocksdb/rocksdb_options.h"
#include "tests/storage/engine_contract.h"
#include "tests/storage/temp_directory.h"

namespace millrace::storage {
namespace {

namespace fs = std::filesystem;

constexpr BootId kBoot{1, 1};
constexpr BootId kNextBoot{2, 2};

// An open store; closing it is a clean stop.
struct Open {
  std::unique_ptr<Directory> directory;
  std::unique_ptr<Engine> engine;
  std::vector<std::string> warnings;
};

class RecoveryTest {
 protected:
  Result<std::unique_ptr<Open>> try_open(BootId boot = kBoot, Fsync fsync = Fsync::kNever) {
    auto open = std::make_unique<Open>();
    auto directory = Directory::open(path());
    if (!directory) return std::unexpected(directory.error());
    open->directory = std::make_unique<Directory>(std::move(*directory));
    RocksDbOptions options;
    options.fsync = fsync;
    options.boot_id = boot;
    options.warn = [raw = open.get()](const std::string& text) { raw->warnings.push_back(text); };
    auto engine = open_rocksdb(*open->directory, options);
    if (!engine) return std::unexpected(engine.error());
    open->engine = std::move(*engine);
    return open;
  }

  std::unique_ptr<Open> must_open(BootId boot = kBoot, Fsync fsync = Fsync::kNever) {
    auto opened = try_open(boot, fsync);
    INFO((opened ? "" : opened.error().message));
    REQUIRE(opened);
    return std::move(*opened);
  }

  // Runs `work` on an open store in a process that ends by kill -9.
  template <class Work>
  void in_killed_process(Fsync fsync, Work work) {
    const pid_t child = ::fork();
    REQUIRE(child >= 0);
    if (child == 0) {
      auto opened = try_open(kBoot, fsync);
      if (opened) work(*(*opened)->engine);
      ::kill(::getpid(), SIGKILL);
    }
    int status = 0;
    ::waitpid(child, &status, 0);
    REQUIRE(WIFSIGNALED(status));
  }

  void write_killed(int count) {
    in_killed_process(Fsync::kNever, [count](Engine& engine) {
      for (int i = 0; i < count; ++i) {
        if (!append(engine, 1, {"entry " + std::to_string(i)})) ::_exit(3);
      }
    });
  }

  // The write-ahead logs that hold something, oldest first.
  [[nodiscard]] std::vector<fs::path> wals() const {
    std::vector<fs::path> found;
    for (const auto& entry : fs::directory_iterator(path() / "db")) {
      if (entry.path().extension() == ".log" && entry.file_size() > 0)
        found.push_back(entry.path());
    }
    std::ranges::sort(found);
    return found;
  }

  static void flip_byte(const fs::path& file, std::uintmax_t offset) {
    std::fstream stream(file, std::ios::in | std::ios::out | std::ios::binary);
    stream.seekg(static_cast<std::streamoff>(offset));
    const char byte = static_cast<char>(stream.get() ^ 0x10);
    stream.seekp(static_cast<std::streamoff>(offset));
    stream.put(byte);
  }

  // The sentence of the refusal.
  std::string refusal(BootId boot = kBoot) {
    const auto opened = try_open(boot);
    REQUIRE_FALSE(opened);
    CHECK(opened.error().code == kCannotOpen);
    return opened.error().message;
  }

  [[nodiscard]] const fs::path& path() const { return temp_.path(); }

 private:
  TempDirectory temp_;
};

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE_FIXTURE(RecoveryTest, "everything is there after a clean stop") {
  {
    const auto open = must_open();
    REQUIRE(append(*open->engine, 1, {"a", "b"}));
  }

  const auto open = must_open();

  CHECK(read_texts(*open->engine, 1) == std::vector<std::string>{"a", "b"});
}

TEST_CASE_FIXTURE(RecoveryTest, "logs dropped together take none between or beside them along") {
  {
    const auto open = must_open();
    for (LogId log = 1; log <= 8; ++log) REQUIRE(append(*open->engine, log, {"a", "b"}));
    const std::array<LogId, 4> dropped = {7, 3, 2, 4};
    REQUIRE(open->engine->drop(dropped));
  }

  const auto open = must_open();

  for (const LogId kept : {1, 5, 6, 8}) {
    CAPTURE(kept);
    CHECK(read_texts(*open->engine, kept) == std::vector<std::string>{"a", "b"});
  }
}

TEST_CASE_FIXTURE(RecoveryTest,
                  "opening again and again without a write in between changes nothing") {
  {
    const auto open = must_open();
    REQUIRE(append(*open->engine, 1, {"kept"}));
  }

  for (int i = 0; i < 100; ++i) {
    CAPTURE(i);
    const auto open = must_open();
    CHECK(read_texts(*open->engine, 1) == std::vector<std::string>{"kept"});
  }
  for (int i = 0; i < 5; ++i) in_killed_process(Fsync::kNever, [](Engine&) {});

  CHECK(read_texts(*must_open()->engine, 1) == std::vector<std::string>{"kept"});
  CHECK(wals().size() <= 8);
}

TEST_CASE_FIXTURE(RecoveryTest, "everything acknowledged is there after kill -9, in every mode") {
  for (const Fsync fsync : {Fsync::kNever, Fsync::kInterval}) {
    in_killed_process(fsync, [](Engine& engine) {
      for (int i = 0; i < 300; ++i) {
        if (!append(engine, 1, {"entry " + std::to_string(i)})) ::_exit(3);
      }
    });
  }

  const auto open = must_open();

  CHECK(read_texts(*open->engine, 1).size() == 600);
}

TEST_CASE_FIXTURE(RecoveryTest, "a new log begins above all that others were given, in any epoch") {
  {
    const auto open = must_open();
    REQUIRE(append(*open->engine, 1, {"a"}));
  }
  const auto open = must_open();
  Position highest = 0;
  for (LogId log = 2; log < 6; ++log) {
    const auto given = append(*open->engine, log, {"x", "y"});
    REQUIRE(given);
    CHECK(given->appended[0].first > highest);
    highest = given->appended[0].first + 1;
    REQUIRE(open->engine->drop({&log, 1}));
  }
}

TEST_CASE_FIXTURE(RecoveryTest, "no position is given twice when all entries are gone") {
  Position last = 0;
  {
    const auto open = must_open();
    const auto receipt = append(*open->engine, 1, {"a", "b", "c"});
    REQUIRE(receipt);
    last = receipt->appended[0].first + 2;
    const Trim all{1, last + 1};
    REQUIRE(open->engine->trim({&all, 1}));
  }

  const auto open = must_open();
  const auto receipt = append(*open->engine, 1, {"d"});

  REQUIRE(receipt);
  CHECK(receipt->appended[0].first > last);
}

TEST_CASE_FIXTURE(RecoveryTest, "time does not go back over a restart") {
  {
    const auto open = must_open();
    REQUIRE(append(*open->engine, 1, {"a"}));
  }
  const auto open = must_open();
  const auto receipt =
      append(*open->engine, 1, {"b"}, When::kNow, kAppendTime - std::chrono::hours(1));

  CHECK(open->engine->newest_arrival() == kAppendTime);
  REQUIRE(receipt);
  CHECK(receipt->appended[0].arrival == kAppendTime);
}

TEST_CASE_FIXTURE(RecoveryTest, "a lost suffix is not numbered again, and an old reader goes on") {
  in_killed_process(Fsync::kInterval, [](Engine& engine) {
    if (!append(engine, 1, {"kept"})) ::_exit(3);
    ::usleep(400'000);  // Long enough for a sync.
    for (int i = 0; i < 5; ++i) {
      if (!append(engine, 1, {"lost"})) ::_exit(3);
    }
  });
  // A power cut: what was not synced is gone, and the machine starts anew.
  const auto mark = Mark::open((path() / "mark").string(), false);
  REQUIRE(mark);
  REQUIRE(mark->synced().bytes > 0);
  fs::resize_file(wals().back(), mark->synced().bytes);
  const Position lost_end = 6;

  const auto open = must_open(kNextBoot);

  CHECK(read_texts(*open->engine, 1) == std::vector<std::string>{"kept"});
  const auto receipt = append(*open->engine, 1, {"new"});
  REQUIRE(receipt);
  CHECK(receipt->appended[0].first >= lost_end);
  // A reader that had seen everything before the cut misses nothing after it.
  CHECK(read_texts(*open->engine, 1, lost_end) == std::vector<std::string>{"new"});
}

TEST_CASE_FIXTURE(RecoveryTest, "a log untouched since a power cut still enters the new epoch") {
  write_killed(3);
  {
    const auto open = must_open(kNextBoot);
  }

  const auto open = must_open(kNextBoot);
  const auto receipt = append(*open->engine, 1, {"new"});

  REQUIRE(receipt);
  CHECK(receipt->appended[0].first >= Position{1} << kEpochShift);
}

TEST_CASE_FIXTURE(RecoveryTest, "a torn end that nobody was promised is cut and told") {
  write_killed(20);
  const fs::path wal = wals().back();
  std::ofstream(wal, std::ios::app | std::ios::binary) << std::string(30, '\x7f');

  const auto open = must_open();

  CHECK(read_texts(*open->engine, 1).size() == 20);
  REQUIRE_FALSE(open->warnings.empty());
  CHECK(contains(open->warnings[0], "cut 30 bytes"));
}

TEST_CASE_FIXTURE(RecoveryTest, "an older log with nothing left in it refuses") {
  // Nothing but the mark shows that there was anything before the next one.
  write_killed(20);
  const fs::path emptied = wals().back();
  auto mark = Mark::open((path() / "mark").string(), false);
  REQUIRE(mark);
  const std::uint64_t next = std::stoull(emptied.stem().string()) + 50;
  std::ofstream(path() / "db" / ("000" + std::to_string(next) + ".log")) << "";
  mark->add_wal(next);
  mark->start_wal(next);

  for (const std::string& left : {std::string(), std::string(40, '\0')}) {
    std::ofstream(emptied, std::ios::binary) << left;
    CHECK(contains(refusal(), emptied.filename().string()));
  }
}

TEST_CASE_FIXTURE(RecoveryTest, "a cut manifest refuses, whatever it still lists") {
  {
    const auto open = must_open();
    REQUIRE(append(*open->engine, 1, {"kept"}));
  }
  write_killed(20);
  for (const auto& entry : fs::directory_iterator(path() / "db")) {
    if (entry.path().filename().string().starts_with("MANIFEST")) {
      fs::resize_file(entry.path(), entry.file_size() - 10);
    }
  }

  CHECK(contains(refusal(), "MANIFEST"));
}

TEST_CASE_FIXTURE(RecoveryTest, "a flipped bit in the mark's time does not send the clock ahead") {
  {
    const auto open = must_open();
    REQUIRE(append(*open->engine, 1, {"kept"}));
  }
  flip_byte(path() / "mark", 5 * 8 + 5);

  CHECK(must_open()->engine->newest_arrival() == kAppendTime);
}

TEST_CASE_FIXTURE(RecoveryTest, "a zeroed key is refused") {
  const auto open = must_open();
  std::ofstream(path() / "seal.key", std::ios::binary) << std::string(32, '\0');
  SystemRandom random;

  const auto key = open->directory->seal_key(random);

  REQUIRE_FALSE(key);
  CHECK(contains(key.error().message, "seal.key is damaged"));
}

TEST_CASE_FIXTURE(RecoveryTest, "a log of one write that is cut off hides nothing older") {
  {
    const auto open = must_open();
    REQUIRE(append(*open->engine, 1, {"kept"}));
  }
  in_killed_process(Fsync::kNever, [](Engine&) {});
  const std::uint64_t last = Mark::open((path() / "mark").string(), false)->last_sequence();
  fs::path wal;
  for (const auto& entry : fs::directory_iterator(path() / "db")) {
    if (entry.path().extension() == ".log") wal = std::max(wal, entry.path());
  }
  // The beginning of a write of 200 bytes, whose first number is the last but one or the next.
  const auto torn = [](std::uint64_t sequence) {
    std::string bytes("\1\2\3\4\xc8\0\1", 7);
    bytes.append(reinterpret_cast<const char*>(&sequence), sizeof(sequence));
    return bytes.append(30, 'x');
  };

  std::ofstream(wal, std::ios::binary) << torn(last);
  CHECK(contains(refusal(), "acknowledged data is damaged"));
  std::ofstream(wal, std::ios::binary) << torn(last + 1);
  CHECK(read_texts(*must_open()->engine, 1) == std::vector<std::string>{"kept"});
}

TEST_CASE_FIXTURE(RecoveryTest, "a flipped byte in what was acknowledged refuses, wherever it is") {
  write_killed(200);
  const fs::path wal = wals().back();
  const std::uintmax_t size = fs::file_size(wal);
  for (const std::uintmax_t offset :
       {std::uintmax_t{0}, std::uintmax_t{4}, size / 3, size / 2, size - 5}) {
    CAPTURE(offset);
    flip_byte(wal, offset);
    CHECK(contains(refusal(), wal.filename().string()));
    flip_byte(wal, offset);
  }
  CHECK(read_texts(*must_open()->engine, 1).size() == 200);
}

TEST_CASE_FIXTURE(RecoveryTest, "a cut write-ahead log refuses") {
  write_killed(200);
  fs::resize_file(wals().back(), fs::file_size(wals().back()) / 2);

  CHECK(contains(refusal(), ".log"));
}

TEST_CASE_FIXTURE(RecoveryTest, "a write-ahead log cut between two writes refuses") {
  // Nothing in the file itself shows that it was longer.
  write_killed(100);
  const fs::path last = wals().back();
  const auto mark = Mark::open((path() / "mark").string(), false);
  REQUIRE(mark);
  REQUIRE(mark->synced().bytes < fs::file_size(last));
  fs::resize_file(last, mark->synced().bytes);

  CHECK(contains(refusal(), "missing"));
}

TEST_CASE_FIXTURE(RecoveryTest, "a deleted write-ahead log refuses") {
  write_killed(200);
  fs::remove(wals().back());

  CHECK(contains(refusal(), "missing"));
}

TEST_CASE_FIXTURE(RecoveryTest, "a deleted mark refuses") {
  write_killed(20);
  fs::remove(path() / "mark");

  CHECK(contains(refusal(), "mark is missing"));
}

TEST_CASE_FIXTURE(RecoveryTest, "a deleted CURRENT or MANIFEST refuses") {
  write_killed(20);
  fs::rename(path() / "db" / "CURRENT", path() / "db" / "kept");
  CHECK(contains(refusal(), "CURRENT"));
  fs::rename(path() / "db" / "kept", path() / "db" / "CURRENT");
  for (const auto& entry : fs::directory_iterator(path() / "db")) {
    if (entry.path().filename().string().starts_with("MANIFEST")) fs::remove(entry.path());
  }
  CHECK(contains(refusal(), "MANIFEST"));
}

TEST_CASE_FIXTURE(RecoveryTest, "a flipped byte in a table file is an error, never other data") {
  {
    const auto open = must_open();
    std::vector<std::string> entries;
    for (int i = 0; i < 500; ++i) entries.push_back("entry " + std::to_string(i));
    REQUIRE(append(*open->engine, 1, entries));
  }
  fs::path largest;
  for (const auto& entry : fs::directory_iterator(path() / "db")) {
    if (entry.path().extension() != ".sst") continue;
    if (largest.empty() || entry.file_size() > fs::file_size(largest)) largest = entry.path();
  }
  flip_byte(largest, 100);

  const auto opened = try_open();

  if (opened) {
    const auto done = (*opened)->engine->read(1, 0, 1000, [](const Entries&) { return true; });
    REQUIRE_FALSE(done);
    CHECK(done.error().code == kDamaged);
  } else {
    CHECK(opened.error().code == kCannotOpen);
  }
}

TEST_CASE_FIXTURE(RecoveryTest, "a directory in use names the process that uses it") {
  const auto open = must_open();

  CHECK(contains(refusal(), "in use by process " + std::to_string(::getpid())));
}

TEST_CASE_FIXTURE(RecoveryTest, "a directory with foreign files is left alone") {
  std::ofstream(path() / "letter.txt") << "dear";

  CHECK(contains(refusal(), "letter.txt"));
  CHECK_FALSE(fs::exists(path() / "db"));
}

TEST_CASE_FIXTURE(RecoveryTest, "a newer format, and one of before the first release, is refused") {
  {
    const auto open = must_open();
  }
  std::ofstream(path() / "FORMAT") << "millrace " << kFormatVersion + 1 << "\n";

  CHECK(contains(refusal(), "has format 6; this version reads format 5. Start the newer millrace"));
  for (const std::string old : {"1", "2", "3", "4"}) {
    std::ofstream(path() / "FORMAT") << "millrace " << old << "\n";
    CHECK(
        contains(refusal(), "has format " + old + "; this version reads format 5. Formats before " +
                                "it were never released and are not read: name another directory"));
  }
}

TEST_CASE_FIXTURE(RecoveryTest, "a damaged FORMAT is refused") {
  {
    const auto open = must_open();
  }
  std::ofstream(path() / "FORMAT") << "something else\n";

  CHECK(contains(refusal(), "FORMAT is damaged"));
}

TEST_CASE_FIXTURE(RecoveryTest, "a creation that was cut short is finished") {
  {
    auto directory = Directory::open(path());
    REQUIRE(directory);
    REQUIRE_FALSE(directory->is_complete());
  }

  const auto open = must_open();

  CHECK(open->directory->is_complete());
}

TEST_CASE_FIXTURE(RecoveryTest, "with fsync always an answer waits for the device") {
  const auto open = must_open(kBoot, Fsync::kAlways);
  const auto receipt = append(*open->engine, 1, {"a"});
  REQUIRE(receipt);
  std::promise<bool> durable;
  open->engine->when_durable(receipt->ticket, [&](const Result<void>& outcome) {
    durable.set_value(outcome.has_value());
  });

  auto outcome = durable.get_future();

  REQUIRE(outcome.wait_for(std::chrono::seconds(10)) == std::future_status::ready);
  CHECK(outcome.get());
  CHECK(read_texts(*open->engine, 1) == std::vector<std::string>{"a"});
}

}  // namespace millrace::storage
