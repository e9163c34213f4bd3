#include "storage/rocksdb/commit_queue.h"

#include <atomic>
#include <chrono>
#include <cstddef>
#include <future>
#include <span>
#include <thread>
#include <vector>

#include <doctest/doctest.h>

#include "base/error.h"
#include "storage/errors.h"

namespace millrace::storage {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kPatience{20};
constexpr std::chrono::seconds kLong{10};

// A queue whose rounds can be made to wait for open().
class HeldQueue {
 public:
  void run(Commit& commit) { queue_.run(commit); }
  void hold() { is_held_ = true; }
  void open() {
    is_held_ = false;
    is_held_.notify_all();
  }
  void wait_for_rounds(std::size_t count) const {
    const auto deadline = std::chrono::steady_clock::now() + kLong;
    while (rounds_ < count) {
      REQUIRE(std::chrono::steady_clock::now() < deadline);
      std::this_thread::yield();
    }
  }
  [[nodiscard]] std::size_t written() const { return written_; }

 private:
  std::atomic<bool> is_held_{false};
  std::atomic<std::size_t> rounds_{0};
  std::atomic<std::size_t> written_{0};
  CommitQueue queue_{[this](std::span<Commit* const> round) {
                       ++rounds_;
                       is_held_.wait(true);
                       written_ += round.size();
                     },
                     kPatience};
};

TEST_CASE("a commit whose round is not held up is written") {
  HeldQueue queue;
  Commit commit;

  queue.run(commit);

  CHECK(commit.outcome);
  CHECK(queue.written() == 1);
}

TEST_CASE("while a round is held up, others are told so and not written") {
  HeldQueue queue;
  Commit first;
  queue.hold();
  auto leader = std::async(std::launch::async, [&] { queue.run(first); });
  queue.wait_for_rounds(1);

  Commit patient;
  Commit late;
  const auto begun = std::chrono::steady_clock::now();
  queue.run(patient);
  const auto waited = std::chrono::steady_clock::now() - begun;
  queue.run(late);
  queue.open();
  leader.get();

  CHECK(waited >= kPatience);
  REQUIRE_FALSE(patient.outcome);
  CHECK(patient.outcome.error().code == kBusy);
  REQUIRE_FALSE(late.outcome);
  CHECK(late.outcome.error().code == kBusy);
  CHECK(first.outcome);
  CHECK(queue.written() == 1);

  Commit after;
  queue.run(after);
  CHECK(after.outcome);
  CHECK(queue.written() == 2);
}

TEST_CASE("what waits when a round ends in time is written by the next") {
  HeldQueue queue;
  queue.hold();
  std::vector<Commit> commits(8);
  std::vector<std::future<void>> runs;
  for (Commit& commit : commits) {
    runs.push_back(std::async(std::launch::async, [&] { queue.run(commit); }));
  }
  queue.wait_for_rounds(1);
  queue.open();
  for (auto& run : runs) run.get();

  std::size_t written = 0;
  for (const Commit& commit : commits) written += commit.outcome.has_value() ? 1 : 0;
  CHECK(queue.written() == written);
  CHECK(written >= 1);
}

}  // namespace
}  // namespace millrace::storage
