// The data directory is one directory, whatever becomes of its name and of the files in it.

#include "storage/directory.h"

#include <filesystem>
#include <fstream>
#include <ios>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <doctest/doctest.h>
#include <sys/stat.h>

#include "base/error.h"
#include "storage/engine.h"
#include "storage/errors.h"
#include "storage/rocksdb/rocksdb_engine.h"
#include "storage/rocksdb/rocksdb_options.h"
#include "storage/rocksdb/wal_check.h"
#include "tests/storage/engine_contract.h"
#include "tests/storage/temp_directory.h"

namespace millrace::storage {
namespace {

namespace fs = std::filesystem;

class DirectoryTest {
 protected:
  struct Open {
    std::vector<std::string> warnings;  // Outlives the engine, whose last words it takes.
    std::unique_ptr<Directory> directory;
    std::unique_ptr<Engine> engine;
  };

  Result<std::unique_ptr<Open>> try_open(const fs::path& path) {
    auto directory = Directory::open(path);
    if (!directory) return std::unexpected(directory.error());
    auto open = std::make_unique<Open>();
    open->directory = std::make_unique<Directory>(std::move(*directory));
    RocksDbOptions options;
    options.fsync = Fsync::kNever;
    options.warn = [raw = open.get()](const std::string& text) { raw->warnings.push_back(text); };
    auto engine = open_rocksdb(*open->directory, options);
    if (!engine) return std::unexpected(engine.error());
    open->engine = std::move(*engine);
    return open;
  }

  std::unique_ptr<Open> must_open(const fs::path& path) {
    auto opened = try_open(path);
    INFO((opened ? "" : opened.error().message));
    REQUIRE(opened);
    return std::move(*opened);
  }

  std::string refusal(const fs::path& path) {
    const auto opened = try_open(path);
    REQUIRE_FALSE(opened);
    CHECK(opened.error().code == kCannotOpen);
    CHECK(opened.error().message.find("/proc/") == std::string::npos);
    return opened.error().message;
  }

  void write_file(const fs::path& path, const std::string& text) {
    std::ofstream(path, std::ios::binary | std::ios::trunc) << text;
  }

  TempDirectory temp_;
  fs::path data_ = temp_.path() / "data";
};

void check_takes_nothing(Engine& engine) {
  const auto refused = append(engine, 1, {"after"});
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == kFailed);
  CHECK(refused.error().message.find("moved or removed") != std::string::npos);
  const auto writable = engine.writable();
  REQUIRE_FALSE(writable);
  CHECK(writable.error().message.find("moved or removed") != std::string::npos);
}

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE_FIXTURE(DirectoryTest, "a directory that is removed takes no more writes") {
  const auto open = must_open(data_);
  REQUIRE(append(*open->engine, 1, {"before"}));

  fs::remove_all(data_);

  check_takes_nothing(*open->engine);
  REQUIRE(open->warnings.size() >= 1);
  CHECK(contains(open->warnings.front(), "data directory " + data_.string() + " was moved or"));
}

TEST_CASE_FIXTURE(DirectoryTest, "health hears of a removed directory before any write does") {
  const auto open = must_open(data_);

  fs::remove_all(data_);

  CHECK_FALSE(open->engine->writable());
}

TEST_CASE_FIXTURE(DirectoryTest, "a directory that is renamed keeps all that was acknowledged") {
  const fs::path moved = temp_.path() / "moved";
  {
    const auto open = must_open(data_);
    REQUIRE(append(*open->engine, 1, {"before"}));
    fs::rename(data_, moved);
    check_takes_nothing(*open->engine);
    CHECK(read_texts(*open->engine, 1).front() == "before");
  }

  const auto again = must_open(moved);

  CHECK(read_texts(*again->engine, 1).front() == "before");
}

TEST_CASE_FIXTURE(DirectoryTest, "closing touches nothing of a directory that took the name") {
  for (const bool is_renamed : {true, false}) {
    CAPTURE(is_renamed);
    const fs::path path = temp_.path() / (is_renamed ? "a" : "b");
    auto first = must_open(path);
    REQUIRE(append(*first->engine, 1, {"first"}));
    if (is_renamed) {
      fs::rename(path, temp_.path() / "elsewhere");
    } else {
      fs::remove_all(path);
    }
    {
      const auto second = must_open(path);
      for (int i = 0; i < 100; ++i) REQUIRE(append(*second->engine, 1, {"second"}));

      check_takes_nothing(*first->engine);
      first.reset();

      CHECK(second->engine->writable());
      REQUIRE(append(*second->engine, 1, {"second"}));
    }
    CHECK(read_texts(*must_open(path)->engine, 1) == std::vector<std::string>(101, "second"));
  }
}

TEST_CASE_FIXTURE(DirectoryTest, "a directory in use stays so when its lock file is removed") {
  const auto open = must_open(data_);
  fs::remove(data_ / "lock");

  CHECK(contains(refusal(data_), "is in use by process"));
  CHECK(contains(refusal(data_), data_.string()));
}

TEST_CASE_FIXTURE(DirectoryTest, "FORMAT is read to its last byte") {
  must_open(data_).reset();
  const std::string good = *read_whole(data_ / "FORMAT");
  struct Row {
    std::string text;
    std::string refused;
  };
  for (const Row& row :
       {Row{"", "is damaged"}, Row{"millrace 2", "is damaged"},
        Row{good.substr(0, good.size() - 1) + "junk\n", "is damaged"},
        Row{good + "x", "is damaged"}, Row{"millrace \n", "is damaged"},
        Row{"millrace -1\n", "is damaged"}, Row{"2\n", "is damaged"},
        Row{"millrace 99999999999999999999\n", "is damaged"}, Row{"millrace 1\n", "has format 1"},
        Row{"millrace 99\n", "has format 99"}}) {
    CAPTURE(row.text);
    write_file(data_ / "FORMAT", row.text);
    CHECK(contains(refusal(data_), row.refused));
  }
  write_file(data_ / "FORMAT", good);
  CHECK(try_open(data_));
}

TEST_CASE_FIXTURE(DirectoryTest, "a pipe in place of a file is refused and waits for nobody") {
  for (const char* name : {"FORMAT", "seal.key"}) {
    CAPTURE(name);
    must_open(data_).reset();
    fs::remove(data_ / name);
    REQUIRE(::mkfifo((data_ / name).c_str(), 0600) == 0);
    auto directory = Directory::open(data_);
    if (directory) {
      const auto kept = directory->kept(name, [] { return Result<std::string>("made"); });
      REQUIRE_FALSE(kept);
      CHECK(contains(kept.error().message, (data_ / name).string() + ": it is not a regular file"));
    } else {
      CHECK(contains(directory.error().message, "FORMAT: it is not a regular file"));
    }
    directory = fail(kCannotOpen, "");
    fs::remove_all(data_);
  }
}

TEST_CASE_FIXTURE(DirectoryTest, "a file that cannot be opened is not an empty one") {
  const fs::path loop = temp_.path() / "loop";
  fs::create_symlink(loop, loop);

  const auto read = read_whole(loop);
  const auto missing = read_whole(temp_.path() / "missing");

  REQUIRE_FALSE(read);
  CHECK(contains(read.error().message, "cannot open " + loop.string() + ": "));
  REQUIRE_FALSE(missing);
  CHECK(*read_if_there(temp_.path() / "missing") == std::nullopt);
}

TEST_CASE_FIXTURE(DirectoryTest,
                  "a write-ahead log that cannot be opened ends the start and stays") {
  must_open(data_).reset();
  // Whoever runs this may read every file; a link to itself nobody can open.
  const fs::path log = data_ / "db" / "999999.log";
  fs::create_symlink(log, log);

  CHECK(contains(refusal(data_), "cannot open " + log.string() + ": "));

  CHECK(fs::is_symlink(log));
}

TEST_CASE_FIXTURE(DirectoryTest, "names of logs that RocksDB would not give are no logs") {
  for (const char* name :
       {".log", "x.log", "1x.log", "-1.log", "99999999999999999999999.log", "7.logs", "7"}) {
    CAPTURE(name);
    CHECK(wal_number(name) == std::nullopt);
  }
  CHECK(wal_number("/somewhere/000012.log") == 12);
  must_open(data_).reset();
  write_file(data_ / "db" / "99999999999999999999999.log", "odd");

  CHECK(try_open(data_));
}

TEST_CASE_FIXTURE(DirectoryTest, "a store whose files cannot be listed is not an empty one") {
  const auto wals = read_wals(temp_.path() / "missing");

  REQUIRE_FALSE(wals);
  CHECK(contains(wals.error().message, "cannot read "));
}

}  // namespace millrace::storage
