#include "storage/arrivals.h"

#include <atomic>
#include <cstring>
#include <thread>

#include <doctest/doctest.h>

#include "base/time_point.h"
#include "storage/batch.h"
#include "storage/engine.h"
#include "storage/memory_engine.h"

namespace millrace::storage {
namespace {

class ArrivalsTest {
 protected:
  void append(LogId log) {
    Batch batch;
    batch.add({"x"});
    const LogBatch one{log, &batch};
    REQUIRE(engine_.append({&one, 1}, time_from_millis(1'700'000'000'000), When::kNow));
  }

  Position end(LogId log) { return engine_.bounds(log)->published; }

  MemoryEngine engine_{5};
  Arrivals arrivals_{engine_};
};

}  // namespace

TEST_CASE_FIXTURE(ArrivalsTest, "a waiter is woken once, by the next record of its log") {
  int calls = 0;
  append(1);
  const auto token = arrivals_.wait(1, end(1), [&] { ++calls; });

  append(2);
  CHECK(calls == 0);
  append(1);
  CHECK(calls == 1);
  append(1);
  CHECK(calls == 1);
}

TEST_CASE_FIXTURE(ArrivalsTest, "a waiter hears of no other log, whatever groups they are in") {
  for (LogId other = 2; other <= 130; ++other) {
    CAPTURE(other);
    int calls = 0;
    append(1);
    const auto token = arrivals_.wait(other, end(other), [&] { ++calls; });

    append(1);
    CHECK(calls == 0);
    append(other);
    CHECK(calls == 1);
  }
}

TEST_CASE_FIXTURE(ArrivalsTest, "who is behind already is woken at once") {
  append(1);
  int calls = 0;

  const auto token = arrivals_.wait(1, 0, [&] { ++calls; });

  CHECK(calls == 1);
}

TEST_CASE_FIXTURE(ArrivalsTest, "a destroyed token forbids the call and leaves nothing behind") {
  int calls = 0;
  {
    const auto token = arrivals_.wait(1, end(1), [&] { ++calls; });
    CHECK(arrivals_.count() == 1);
  }
  append(1);

  CHECK(calls == 0);
  CHECK(arrivals_.count() == 0);
}

TEST_CASE_FIXTURE(ArrivalsTest, "no wake-up is lost between looking and waiting") {
  std::atomic<bool> is_done{false};
  std::thread writer([&] {
    for (int i = 0; i < 2000; ++i) append(1);
    is_done = true;
  });
  Position seen = 0;
  while (!is_done || seen < end(1)) {
    std::atomic<bool> is_woken{false};
    const auto token = arrivals_.wait(1, seen, [&] { is_woken = true; });
    while (!is_woken && !(is_done && seen == end(1))) std::this_thread::yield();
    seen = end(1);
  }
  writer.join();

  CHECK(seen == end(1));
}

}  // namespace millrace::storage
