#include "net/io_loop.h"

#include <atomic>
#include <chrono>
#include <cstddef>
#include <deque>
#include <future>
#include <memory>
#include <thread>
#include <vector>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>
#include <doctest/doctest.h>

#include "net/async.h"

namespace millrace::net {
namespace {

constexpr std::chrono::seconds kLong{10};

class IoLoopTest {
 public:
  ~IoLoopTest() {
    for (Waiting& waiting : waiting_) waiting.end();  // What a failed test left.
    loop_.stop();
    watch_.stop();
    watch_thread_.join();
  }

 protected:
  static constexpr std::size_t kThreads = 3;

  class Waiting {
   public:
    void wait() const { has_ended_.wait(false); }
    void end() {
      has_ended_ = true;
      has_ended_.notify_all();
    }

   private:
    std::atomic<bool> has_ended_{false};
  };

  // A handler that waits until it is told to end, then counts itself.
  Waiting& post_waiting() {
    Waiting& waiting = waiting_.emplace_back();
    asio::post(loop_.io(), [this, &waiting] {
      const Inside inside(*this);
      leave();
      loop_.may_wait([&waiting] { waiting.wait(); });
      enter();
      ++came_back_;
    });
    return waiting;
  }

  // Whether a handler that comes after the others is run soon.
  [[nodiscard]] bool runs_others(std::chrono::milliseconds within = kLong) {
    auto done = std::make_shared<std::promise<void>>();
    auto future = done->get_future();
    asio::post(loop_.io(), [this, done] {
      const Inside inside(*this);
      done->set_value();
    });
    return future.wait_for(within) == std::future_status::ready;
  }

  void wait_until_back(std::size_t count) const {
    const auto deadline = std::chrono::steady_clock::now() + kLong;
    while (came_back_ < count && std::chrono::steady_clock::now() < deadline) {
      std::this_thread::yield();
    }
    REQUIRE(came_back_ == count);
  }

  asio::io_context watch_{1};
  asio::executor_work_guard<Executor> watch_work_{watch_.get_executor()};
  std::thread watch_thread_{[this] { watch_.run(); }};
  IoLoop loop_{watch_, kThreads};
  std::atomic<std::size_t> came_back_{0};
  std::atomic<bool> was_shared_{false};  // Two threads were in handlers, neither of them waiting.

 private:
  // Counts who is in a handler and does not wait.
  void enter() {
    if (++inside_ > 1) was_shared_ = true;
  }
  void leave() { --inside_; }
  struct Inside {
    explicit Inside(IoLoopTest& owner) : test(owner) { test.enter(); }
    Inside(const Inside&) = delete;
    Inside& operator=(const Inside&) = delete;
    ~Inside() { test.leave(); }
    IoLoopTest& test;
  };

  std::atomic<int> inside_{0};
  std::deque<Waiting> waiting_;
};

TEST_CASE_FIXTURE(IoLoopTest, "a handler that waits does not hold up others") {
  loop_.start();
  auto& wait = post_waiting();

  CHECK(runs_others());
  CHECK(came_back_ == 0);
  wait.end();
  wait_until_back(1);

  CHECK(runs_others());
  CHECK_FALSE(was_shared_);
}

TEST_CASE_FIXTURE(IoLoopTest, "handlers come back in any order and find the loop theirs") {
  loop_.start();
  for (int round = 0; round < 20; ++round) {
    const std::size_t before = came_back_;
    auto& first = post_waiting();
    auto& second = post_waiting();
    REQUIRE(runs_others());
    (round % 2 == 0 ? first : second).end();
    wait_until_back(before + 1);
    REQUIRE(runs_others());
    (round % 2 == 0 ? second : first).end();
    wait_until_back(before + 2);
  }

  CHECK(runs_others());
  CHECK_FALSE(was_shared_);
}

TEST_CASE_FIXTURE(IoLoopTest, "with all threads waiting the loop waits until one comes back") {
  loop_.start();
  std::vector<Waiting*> waits;
  for (std::size_t i = 0; i < kThreads; ++i) waits.push_back(&post_waiting());

  CHECK_FALSE(runs_others(IoLoop::kTick * 20));
  waits.back()->end();
  CHECK(runs_others());
  for (std::size_t i = 0; i + 1 < kThreads; ++i) waits[i]->end();
  wait_until_back(kThreads);
  CHECK_FALSE(was_shared_);
}

TEST_CASE_FIXTURE(IoLoopTest, "short waits by the thousand are all run") {
  std::atomic<int> done{0};
  constexpr int kCalls = 20'000;
  for (int i = 0; i < kCalls; ++i) {
    asio::post(loop_.io(), [&] {
      loop_.may_wait([] {});
      ++done;
    });
  }
  loop_.start();

  REQUIRE(runs_others());
  CHECK(done == kCalls);
}

TEST_CASE_FIXTURE(IoLoopTest, "what is asked for after the handlers runs once behind them") {
  constexpr int kHandlers = 5;
  std::vector<int> order;  // The number of each handler, and 0 for what comes after them.
  for (int i = 1; i <= kHandlers; ++i) {
    asio::post(loop_.io(), [&, i] {
      order.push_back(i);
      loop_.after_these([&] { order.push_back(0); });
    });
  }
  loop_.start();
  REQUIRE(runs_others());
  asio::post(loop_.io(), [&] { loop_.after_these([&] { order.push_back(0); }); });
  REQUIRE(runs_others());
  REQUIRE(runs_others());

  CHECK(order == std::vector<int>{1, 2, 3, 4, 5, 0, 0});
}

TEST_CASE_FIXTURE(IoLoopTest, "a stop waits for who waits, and nobody else") {
  loop_.start();
  auto& wait = post_waiting();
  REQUIRE(runs_others());

  auto stopped = std::async(std::launch::async, [this] { loop_.stop(); });
  CHECK(stopped.wait_for(std::chrono::milliseconds(50)) == std::future_status::timeout);
  wait.end();

  CHECK(stopped.wait_for(kLong) == std::future_status::ready);
  CHECK(came_back_ == 1);
}

}  // namespace
}  // namespace millrace::net
