// Product time: how it follows the wall clock, and whom it wakes.

#include "base/clock.h"

#include <chrono>
#include <future>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include <doctest/doctest.h>

#include "base/alarm_thread.h"
#include "base/alarms.h"
#include "base/error.h"
#include "base/manual_clock.h"
#include "base/pace.h"
#include "base/time_point.h"
#include "base/wall_clock.h"

namespace millrace {
namespace {

using namespace std::chrono_literals;

constexpr WallTime kWall = wall_from_millis(1'700'000'000'000);
constexpr TimePoint kTime = time_from_millis(1'800'000'000'000);
constexpr std::chrono::seconds kLong{10};

Result<void> keep(const Pace& /*pace*/) { return {}; }

Clock::Plan at_rate(double rate) {
  return [rate](Pace pace) -> Result<Pace> {
    pace.rate = rate;
    return pace;
  };
}

Result<Pace> freeze(Pace pace) {
  pace.is_frozen = true;
  return pace;
}

Result<Pace> go_on(Pace pace) {
  pace.is_frozen = false;
  return pace;
}

Clock::Plan advance(std::chrono::milliseconds step) {
  return [step](Pace pace) -> Result<Pace> {
    pace.at += step;
    return pace;
  };
}

}  // namespace

TEST_CASE("time at a pace, and the wall time at which it comes to a moment") {
  struct Row {
    Pace pace;
    std::chrono::milliseconds passed;
    std::chrono::milliseconds expected;  // From kTime.
  };
  const Row rows[] = {
      {{kWall, kTime, 1, false}, 0ms, 0ms},
      {{kWall, kTime, 1, false}, 250ms, 250ms},
      {{kWall, kTime, 1, false}, -250ms, -250ms},
      {{kWall, kTime, 60, false}, 1000ms, 60'000ms},
      {{kWall, kTime, 0.001, false}, 5000ms, 5ms},
      {{kWall, kTime, 100'000, false}, 36'000ms, 1000h},
      {{kWall, kTime, 1, true}, 1000ms, 0ms},
      {{kWall, kTime, 60, true}, 1000ms, 0ms},
  };
  for (const Row& row : rows) {
    CAPTURE(row.pace.rate);
    CAPTURE(row.passed.count());
    const TimePoint time = time_at(row.pace, kWall + row.passed);

    CHECK(time == kTime + row.expected);
    if (row.pace.is_frozen) {
      CHECK(wall_time_of(row.pace, time) == kWall);
      CHECK(wall_time_of(row.pace, time + 1ms) == std::nullopt);
    } else {
      const auto wall = wall_time_of(row.pace, time + 1ms);
      REQUIRE(wall);
      CHECK(time_at(row.pace, *wall) >= time + 1ms);
      CHECK(time_at(row.pace, *wall - 1ms) <= time);
    }
  }
}

TEST_CASE("time that passes faster comes to the largest offset and goes on at wall time's pace") {
  const Pace fast{kWall, TimePoint{kWall.time_since_epoch()}, 100'000, false};
  const auto limit = kOffsetMax / 99'999;  // By then it is about that far ahead.

  CHECK(offset_of(time_at(fast, kWall + limit / 2), kWall + limit / 2) < kOffsetMax);
  for (const auto later : {limit + 2ms, limit * 2, limit * 1000}) {
    const WallTime wall = kWall + later;
    CHECK(offset_of(time_at(fast, wall), wall) == kOffsetMax);
    CHECK(wall_time_of(fast, time_at(fast, wall)) == wall);
  }
}

TEST_CASE("the moment of the largest offset is told to the millisecond") {
  const TimePoint start{kWall.time_since_epoch()};
  for (const double rate : {1.5, 60.0, 100'000.0}) {
    for (const std::chrono::milliseconds ahead :
         {0ms, std::chrono::milliseconds(kOffsetMax - 1h)}) {
      CAPTURE(rate);
      CAPTURE(ahead.count());
      const Pace pace{kWall, start + ahead, rate, false};

      const auto reached = offset_max_at(pace);

      REQUIRE(reached);
      const auto wall = wall_time_of(pace, *reached);
      REQUIRE(wall);
      CHECK(offset_of(time_at(pace, *wall), *wall) == kOffsetMax);
      CHECK(offset_of(time_at(pace, *wall - 1ms), *wall - 1ms) < kOffsetMax);
    }
  }
  CHECK_FALSE(offset_max_at({kWall, start, 1, false}));
  CHECK_FALSE(offset_max_at({kWall, start, 60, true}));
}

TEST_CASE("time that was further ahead from its start is not held up") {
  const Pace pace{kWall, TimePoint{kWall.time_since_epoch() + 2 * kOffsetMax}, 60, false};

  CHECK(time_at(pace, kWall + 5ms) == pace.at + 5ms);
  CHECK(wall_time_of(pace, pace.at + 5ms) == kWall + 5ms);
}

TEST_CASE("product time starts where the last life ended, and goes on from there") {
  ManualWallClock wall(wall_from_millis(1'000'000));
  Clock clock(wall);
  CHECK(clock.now() == time_from_millis(1'000'000));
  const TimePoint floor = time_from_millis(90'000'000);
  clock.raise_floor(floor);

  CHECK(clock.now() == floor);
  CHECK(clock.offset() == 89'000'000ms);
  wall.advance(3s);
  CHECK(clock.now() == floor + 3s);
  clock.raise_floor(floor);
  CHECK(clock.now() == floor + 3s);
  CHECK(clock.offset() == 89'000'000ms);
}

TEST_CASE("a wall clock that is set back holds product time up for no moment") {
  ManualWallClock wall(wall_from_millis(10'000'000));
  Clock clock(wall);
  TimePoint last = clock.now();

  for (const auto step : {-1ms, -5000ms, 1ms, 7000ms, -20'000ms}) {
    CAPTURE(step.count());
    wall.advance(step);
    const TimePoint now = clock.now();
    CHECK(now == (step < 0ms ? last : last + step));
    wall.advance(250ms);
    last = clock.now();
    CHECK(last == now + 250ms);
  }
}

TEST_CASE("threads that read the time together make no offset of their being late") {
  const SystemWallClock wall;
  Clock clock(wall);
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&clock] {
      TimePoint last{};
      for (int j = 0; j < 200'000; ++j) {
        const TimePoint now = clock.now();
        REQUIRE(now >= last);
        last = now;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();

  CHECK(clock.offset() == 0ms);
}

TEST_CASE("a clock takes another pace where it stands") {
  ManualWallClock wall(kWall);
  Clock clock(wall, {kWall, kTime});
  wall.advance(1s);

  REQUIRE(clock.change(at_rate(60), keep));
  CHECK(clock.now() == kTime + 1s);
  wall.advance(1s);
  CHECK(clock.now() == kTime + 61s);

  REQUIRE(clock.change(freeze, keep));
  wall.advance(1h);
  CHECK(clock.now() == kTime + 61s);
  CHECK(clock.pace().rate == 60);

  REQUIRE(clock.change(advance(25h), keep));
  wall.advance(1h);
  CHECK(clock.now() == kTime + 61s + 25h);

  REQUIRE(clock.change(go_on, keep));
  REQUIRE(clock.change(at_rate(1), keep));
  wall.advance(1s);
  CHECK(clock.now() == kTime + 62s + 25h);
  CHECK(clock.offset() == clock.now().time_since_epoch() - wall.now().time_since_epoch());
}

TEST_CASE("a pace that is refused, or that cannot be kept, changes nothing") {
  ManualWallClock wall(kWall);
  Clock clock(wall, {kWall, kTime});
  const auto refuse = [](const Pace& /*now*/) -> Result<Pace> { return fail({}, "refused"); };
  const auto lose = [&](const Pace& wanted) -> Result<void> {
    CHECK(wanted.is_frozen);
    CHECK(clock.now() == kTime);  // It stands until its pace is kept.
    wall.advance(3s);
    CHECK(clock.now() == kTime);
    return fail({}, "lost");
  };

  const auto refused = clock.change(refuse, keep);
  const auto lost = clock.change(freeze, lose);

  REQUIRE_FALSE(refused);
  CHECK(refused.error().message == "refused");
  REQUIRE_FALSE(lost);
  CHECK(lost.error().message == "lost");
  CHECK(clock.now() == kTime + 3s);
  wall.advance(1s);
  CHECK(clock.now() == kTime + 4s);
}

TEST_CASE("a frozen clock stands where a floor or a wall clock that is set back has it") {
  ManualWallClock wall(kWall);
  Clock clock(wall, {kWall, kTime, 1, true});
  wall.advance(-1h);
  CHECK(clock.now() == kTime);
  clock.raise_floor(kTime + 5s);
  CHECK(clock.now() == kTime + 5s);
  wall.advance(2h);
  CHECK(clock.now() == kTime + 5s);
}

TEST_CASE("alarms ring in the order of their times, once, unless they were given up") {
  Alarms alarms;
  std::string rung;
  const auto note = [&](char name) { return [&rung, name] { rung += name; }; };
  const auto second = alarms.add(kTime + 2ms, note('b'));
  const auto first = alarms.add(kTime + 1ms, note('a'));
  const auto same = alarms.add(kTime + 2ms, note('c'));
  std::optional given_up = alarms.add(kTime + 1ms, note('x'));
  const auto later = alarms.add(kTime + 3ms, note('d'));
  given_up.reset();

  CHECK(alarms.next() == kTime + 1ms);
  alarms.ring(kTime);
  CHECK(rung.empty());
  alarms.ring(kTime + 2ms);
  CHECK(rung == "abc");
  CHECK(alarms.next() == kTime + 3ms);
  alarms.ring(kTime + 2ms);
  CHECK(rung == "abc");
  CHECK(alarms.count() == 1);
}

TEST_CASE("an alarm whose token takes another one's place rings no more") {
  ManualClock clock(kTime);
  int rung = 0;
  Alarms::Token token = clock.wake_at(kTime + 1s, [&] { rung += 1; });
  token = clock.wake_at(kTime + 2s, [&] { rung += 10; });

  clock.advance(1500ms);
  CHECK(rung == 0);
  clock.advance(500ms);
  CHECK(rung == 10);
  CHECK(clock.alarm_count() == 0);
}

TEST_CASE("an alarm for a moment that has come rings at once") {
  ManualClock clock(kTime);
  for (const std::chrono::milliseconds step : {0ms, std::chrono::milliseconds(-1h)}) {
    bool has_rung = false;
    const auto token = clock.wake_at(kTime + step, [&] { has_rung = true; });
    CHECK(has_rung);
  }
}

TEST_CASE("a clock tells when to ring, whatever becomes of its pace") {
  ManualWallClock wall(kWall);
  Clock clock(wall, {kWall, kTime});
  int news = 0;
  clock.on_new_ring([&] { ++news; });
  int rung = 0;
  CHECK(clock.next_ring() == std::nullopt);
  const auto token = clock.wake_at(kTime + 60s, [&] { ++rung; });
  CHECK(news == 1);
  CHECK(clock.next_ring() == kWall + 60s);
  const auto later = clock.wake_at(kTime + 1h, [&] { rung += 100; });
  CHECK(news == 1);  // The first one is the same.

  REQUIRE(clock.change(at_rate(60), keep));
  CHECK(news == 3);  // It stood for a moment.
  CHECK(clock.next_ring() == kWall + 1s);
  REQUIRE(clock.change(freeze, keep));
  CHECK(clock.next_ring() == std::nullopt);
  wall.advance(1h);
  clock.ring();
  CHECK(rung == 0);
  REQUIRE(clock.change(advance(60s), keep));
  clock.ring();
  CHECK(rung == 1);
  REQUIRE(clock.change(go_on, keep));
  CHECK(clock.next_ring() == wall.now() + 59s);
}

namespace {

// An alarm as somebody waits for it.
class Waiting {
 public:
  Waiting(const Clock& clock, TimePoint time)
      : token_(clock.wake_at(time, [this] { rung_.set_value(); })) {}

  [[nodiscard]] bool rings_within(std::chrono::milliseconds time) {
    return future_.wait_for(time) == std::future_status::ready;
  }

 private:
  std::promise<void> rung_;
  std::future<void> future_ = rung_.get_future();
  Alarms::Token token_;
};

}  // namespace

TEST_CASE("a thread rings what is due by the machine's clock, and hears of another pace") {
  const SystemWallClock wall;
  Clock clock(wall);
  AlarmThread thread(clock);

  Waiting soon(clock, clock.now() + 5ms);
  CHECK(soon.rings_within(kLong));

  Waiting in_an_hour(clock, clock.now() + 1h);
  Waiting in_two_days(clock, clock.now() + 48h);
  REQUIRE(clock.change(advance(1h), keep));
  CHECK(in_an_hour.rings_within(kLong));
  REQUIRE(clock.change(at_rate(100'000), keep));  // Two days in two seconds.
  CHECK(in_two_days.rings_within(kLong));

  REQUIRE(clock.change(freeze, keep));
  Waiting never(clock, clock.now() + 1ms);
  CHECK_FALSE(never.rings_within(20ms));
  REQUIRE(clock.change(go_on, keep));
  CHECK(never.rings_within(kLong));
}

TEST_CASE("alarms are set, rung and given up by many threads") {
  const SystemWallClock wall;
  Clock clock(wall);
  AlarmThread ringing(clock);
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&clock, i] {
      for (int j = 0; j < 2'000; ++j) {
        bool may_ring = true;
        std::optional<Alarms::Token> token = clock.wake_at(
            clock.now() + std::chrono::milliseconds((i + j) % 3), [&] { REQUIRE(may_ring); });
        if (j % 100 == 0) std::this_thread::sleep_for(1ms);
        token.reset();
        may_ring = false;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();

  CHECK(clock.alarm_count() == 0);
}

}  // namespace millrace
