#include <atomic>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <doctest/doctest.h>
#include <rocksdb/env.h>
#include <rocksdb/file_system.h>
#include <rocksdb/io_status.h>

#include "storage/directory.h"
#include "storage/engine.h"
#include "storage/errors.h"
#include "storage/rocksdb/rocksdb_engine.h"
#include "storage/rocksdb/rocksdb_options.h"
#include "tests/storage/engine_contract.h"
#include "tests/storage/temp_directory.h"

namespace millrace::storage {
namespace {

namespace fs = std::filesystem;
using rocksdb::IOStatus;

// Fails one of the calls that write a checkpoint.
class FailingOnce final : public rocksdb::FileSystemWrapper {
 public:
  // Checkpoints are written in `parent`.
  FailingOnce(std::uint64_t nth, std::string parent)
      : FileSystemWrapper(rocksdb::Env::Default()->GetFileSystem()),
        left_(nth),
        parent_(std::move(parent)) {}

  [[nodiscard]] const char* Name() const override { return "FailingOnce"; }
  [[nodiscard]] bool has_failed() const { return left_ == 0; }

  IOStatus NewWritableFile(const std::string& name, const rocksdb::FileOptions& options,
                           std::unique_ptr<rocksdb::FSWritableFile>* result,
                           rocksdb::IODebugContext* debug) override {
    if (fails(name)) return IOStatus::NoSpace("full");
    return target()->NewWritableFile(name, options, result, debug);
  }
  IOStatus LinkFile(const std::string& from, const std::string& to,
                    const rocksdb::IOOptions& options, rocksdb::IODebugContext* debug) override {
    if (fails(to)) return IOStatus::NoSpace("full");
    return target()->LinkFile(from, to, options, debug);
  }
  IOStatus RenameFile(const std::string& from, const std::string& to,
                      const rocksdb::IOOptions& options, rocksdb::IODebugContext* debug) override {
    if (fails(to)) return IOStatus::NoSpace("full");
    return target()->RenameFile(from, to, options, debug);
  }
  IOStatus CreateDir(const std::string& name, const rocksdb::IOOptions& options,
                     rocksdb::IODebugContext* debug) override {
    if (fails(name)) return IOStatus::NoSpace("full");
    return target()->CreateDir(name, options, debug);
  }
  IOStatus NewDirectory(const std::string& name, const rocksdb::IOOptions& options,
                        std::unique_ptr<rocksdb::FSDirectory>* result,
                        rocksdb::IODebugContext* debug) override {
    if (fails(name)) return IOStatus::NoSpace("full");
    return target()->NewDirectory(name, options, result, debug);
  }

 private:
  bool fails(const std::string& name) {
    const bool is_of_checkpoint = name == parent_ || name.find("snapshot") != std::string::npos;
    return is_of_checkpoint && left_ > 0 && --left_ == 0;
  }

  std::atomic<std::uint64_t> left_;
  const std::string parent_;
};

struct CheckpointTest {
  TempDirectory temp;
  fs::path place = temp.path() / "snapshot";

  [[nodiscard]] Directory directory(const std::string& name) const {
    return std::move(*Directory::open(temp.path() / name));
  }
};

}  // namespace

TEST_CASE_FIXTURE(CheckpointTest,
                  "a checkpoint that fails leaves nothing, and the store as it was") {
  std::uint64_t failures = 0;
  for (std::uint64_t nth = 1;; ++nth) {
    CAPTURE(nth);
    const auto files = std::make_shared<FailingOnce>(nth, temp.path().string());
    RocksDbOptions options;
    options.file_system = files;
    Directory directory = this->directory("data" + std::to_string(nth));
    const auto engine = open_rocksdb(directory, options);
    REQUIRE(engine);
    REQUIRE(append(**engine, 1, {"a"}));

    const auto written = (*engine)->checkpoint(place);

    REQUIRE(written.has_value() != files->has_failed());
    if (written) break;
    ++failures;
    CHECK(written.error().code == kFull);
    CHECK_FALSE(fs::exists(place));
    CHECK_FALSE(fs::exists(place.string() + ".new"));
    REQUIRE(append(**engine, 1, {"b"}));
    CHECK(read_texts(**engine, 1) == std::vector<std::string>{"a", "b"});
    REQUIRE((*engine)->checkpoint(place));
    fs::remove_all(place);
  }
  CHECK(failures >= 6);
}

TEST_CASE_FIXTURE(CheckpointTest, "what an attempt that was cut short left is no checkpoint") {
  Directory directory = this->directory("data");
  const auto engine = open_rocksdb(directory, {});
  REQUIRE(engine);
  REQUIRE(append(**engine, 1, {"a"}));
  fs::create_directory(place.string() + ".new");
  std::ofstream(place.string() + ".new/000007.sst") << "half";

  REQUIRE((*engine)->checkpoint(place));

  Directory second = this->directory("second");
  const auto opened = open_rocksdb_from({place, (*engine)->positions_end()}, second, {});
  REQUIRE(opened);
  CHECK(read_texts(**opened, 1) == std::vector<std::string>{"a"});
}

TEST_CASE_FIXTURE(CheckpointTest,
                  "a checkpoint is opened after its store is gone, and again later") {
  {
    Directory directory = this->directory("data");
    const auto engine = open_rocksdb(directory, {});
    REQUIRE(engine);
    REQUIRE(append(**engine, 1, {"a"}));
    REQUIRE((*engine)->checkpoint(place));
  }
  fs::remove_all(temp.path() / "data");
  for (const std::string name : {"second", "third"}) {
    CAPTURE(name);
    {
      Directory directory = this->directory(name);
      const auto engine = open_rocksdb_from({place, 0}, directory, {});
      REQUIRE(engine);
      REQUIRE(append(**engine, 1, {"of " + name}));
    }
    Directory directory = this->directory(name);
    const auto engine = open_rocksdb(directory, {});
    REQUIRE(engine);
    CHECK(read_texts(**engine, 1) == std::vector<std::string>{"a", "of " + name});
  }
}

TEST_CASE_FIXTURE(CheckpointTest,
                  "a store is opened from a whole checkpoint only, in a new directory") {
  Directory used = this->directory("used");
  const auto engine = open_rocksdb(used, {});
  REQUIRE(engine);
  REQUIRE(append(**engine, 1, {"a"}));
  REQUIRE((*engine)->checkpoint(place));
  const auto refusal = [&](const std::string& from, Directory& directory) -> std::string {
    const auto opened = open_rocksdb_from({from, 0}, directory, {});
    if (opened) return "";
    CHECK(opened.error().code == kCannotOpen);
    CHECK_FALSE(fs::exists(directory.path() / "FORMAT"));
    return opened.error().message;
  };
  Directory second = this->directory("second");

  CHECK(refusal(temp.path() / "nowhere", second).find("there is no checkpoint at") == 0);
  for (const auto& file : fs::directory_iterator(place)) {
    const std::string name = file.path().filename();
    if (name != "CURRENT" && !name.starts_with("MANIFEST") && !name.ends_with(".sst")) continue;
    CAPTURE(name);
    fs::rename(file, temp.path() / "aside");
    CHECK_FALSE(refusal(place, second).empty());
    fs::rename(temp.path() / "aside", file);
  }
  CHECK(open_rocksdb_from({place, 0}, second, {}));
  CHECK_FALSE(open_rocksdb_from({place, 0}, used, {}));
}

}  // namespace millrace::storage
