// A name that no longer leads to its file is noticed by the first question after that.

#include "storage/name_watch.h"

#include <atomic>
#include <cstddef>
#include <filesystem>
#include <fstream>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "tests/storage/temp_directory.h"

namespace millrace::storage {
namespace {

namespace fs = std::filesystem;

class NameWatchTest {
 protected:
  // In a directory of its own, two below another.
  struct File {
    explicit File(const fs::path& in)
        : top(in), directory(in / "a" / "data"), path(directory / "lock") {
      fs::create_directories(directory);
      std::ofstream(path) << "1\n";
      descriptor = ::open(path.c_str(), O_RDWR | O_CLOEXEC);
      REQUIRE(descriptor >= 0);
    }
    File(const File&) = delete;
    File& operator=(const File&) = delete;
    ~File() { ::close(descriptor); }

    fs::path top;
    fs::path directory;
    fs::path path;
    int descriptor = -1;
  };

  TempDirectory temp_;
};

// No more files can be opened while one of these lives.
class NoDescriptors {
 public:
  NoDescriptors() {
    REQUIRE(::getrlimit(RLIMIT_NOFILE, &before_) == 0);
    const rlimit none{0, before_.rlim_max};
    REQUIRE(::setrlimit(RLIMIT_NOFILE, &none) == 0);
  }
  NoDescriptors(const NoDescriptors&) = delete;
  NoDescriptors& operator=(const NoDescriptors&) = delete;
  ~NoDescriptors() { ::setrlimit(RLIMIT_NOFILE, &before_); }

 private:
  rlimit before_{};
};

const std::vector<std::function<void(const fs::path& top)>>& ways_to_lose_it() {
  static const std::vector<std::function<void(const fs::path& top)>> ways = {
      [](const fs::path& top) { fs::remove(top / "a" / "data" / "lock"); },
      [](const fs::path& top) { fs::remove_all(top); },
      [](const fs::path& top) { fs::rename(top / "a" / "data" / "lock", top / "lock"); },
      [](const fs::path& top) { fs::rename(top / "a" / "data", top / "a" / "old"); },
      [](const fs::path& top) { fs::rename(top / "a", top / "b"); },
      [](const fs::path& top) { fs::rename(top, top.string() + "-moved"); },
      [](const fs::path& top) {
        std::ofstream(top / "other") << "2\n";
        fs::rename(top / "other", top / "a" / "data" / "lock");
      },
      [](const fs::path& top) {
        fs::rename(top / "a" / "data", top / "old");
        fs::create_directories(top / "a" / "data");
        std::ofstream(top / "a" / "data" / "lock") << "2\n";
      },
  };
  return ways;
}

}  // namespace

TEST_CASE_FIXTURE(NameWatchTest,
                  "a name that leads elsewhere or nowhere is noticed by the next question") {
  for (std::size_t way = 0; way < ways_to_lose_it().size(); ++way) {
    CAPTURE(way);
    const File file(temp_.path() / std::to_string(way));
    NameWatch watch(file.path, file.descriptor);
    REQUIRE(watch.leads_there());

    ways_to_lose_it()[way](file.top);

    CHECK_FALSE(watch.leads_there());
    CHECK_FALSE(watch.look());
  }
}

TEST_CASE_FIXTURE(NameWatchTest, "where nothing can be watched each question looks") {
  for (std::size_t way = 0; way < ways_to_lose_it().size(); ++way) {
    CAPTURE(way);
    const File file(temp_.path() / std::to_string(way));
    std::unique_ptr<NameWatch> watch;
    {
      const NoDescriptors none;
      watch = std::make_unique<NameWatch>(file.path, file.descriptor);
    }
    REQUIRE(watch->leads_there());

    ways_to_lose_it()[way](file.top);

    CHECK_FALSE(watch->leads_there());
  }
}

TEST_CASE_FIXTURE(NameWatchTest, "a link on the way is watched, and what it leads to") {
  for (const bool is_link_moved : {true, false}) {
    CAPTURE(is_link_moved);
    const fs::path top = temp_.path() / (is_link_moved ? "link" : "target");
    const File file(top);
    fs::create_directory_symlink(file.directory, top / "link");
    NameWatch watch(top / "link" / "lock", file.descriptor);
    REQUIRE(watch.leads_there());

    fs::rename(is_link_moved ? top / "link" : file.directory, top / "elsewhere");

    CHECK_FALSE(watch.leads_there());
  }
}

TEST_CASE_FIXTURE(NameWatchTest, "a name that came back stays lost") {
  const File file(temp_.path());
  NameWatch watch(file.path, file.descriptor);
  fs::rename(file.directory, temp_.path() / "old");
  REQUIRE_FALSE(watch.leads_there());

  fs::rename(temp_.path() / "old", file.directory);

  CHECK_FALSE(watch.leads_there());
}

TEST_CASE_FIXTURE(NameWatchTest, "a flood of news hides nothing") {
  constexpr int kMoreThanAreKept = 20'000;
  const File file(temp_.path());
  NameWatch watch(file.path, file.descriptor);
  for (int i = 0; i < kMoreThanAreKept; ++i) {
    fs::permissions(i % 2 == 0 ? file.path : file.directory, fs::perms::owner_all);
  }
  REQUIRE(watch.leads_there());

  fs::rename(file.directory, temp_.path() / "old");

  CHECK_FALSE(watch.leads_there());
}

TEST_CASE_FIXTURE(NameWatchTest, "threads that ask together all hear of it") {
  constexpr int kRounds = 200;
  for (int round = 0; round < kRounds; ++round) {
    const File file(temp_.path() / std::to_string(round));
    NameWatch watch(file.path, file.descriptor);
    std::atomic<bool> is_moved{false};
    std::atomic<int> wrong{0};
    const auto ask = [&] {
      for (bool was_moved = false; !was_moved;) {
        was_moved = is_moved;
        if (watch.leads_there() && was_moved) ++wrong;
      }
    };
    std::vector<std::thread> threads;
    for (int i = 0; i < 3; ++i) threads.emplace_back(ask);
    for (int i = 0; i < 20; ++i) fs::permissions(file.path, fs::perms::owner_all);
    fs::rename(file.directory, file.top / "old");
    is_moved = true;
    for (std::thread& thread : threads) thread.join();

    CHECK(wrong == 0);
  }
}

}  // namespace millrace::storage
