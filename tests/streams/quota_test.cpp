#include "streams/quota.h"

#include <chrono>
#include <cstddef>
#include <map>
#include <string>
#include <string_view>

#include <doctest/doctest.h>

#include "base/manual_clock.h"
#include "base/time_point.h"

namespace millrace::streams {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t kMib = 1UL << 20U;

class QuotaTest {
 protected:
  Quotas make(LimitsMode mode) {
    return {mode, clock_, [this](std::string_view limit) { ++exceeded_[std::string(limit)]; }};
  }

  // How many of `count` records of `bytes` each a shard takes at once.
  int puts(Quotas& quotas, int count, std::size_t bytes) {
    int taken = 0;
    for (int i = 0; i < count; ++i) taken += quotas.put(7, bytes, clock_.now()) ? 1 : 0;
    return taken;
  }

  ManualClock clock_{time_from_millis(1'700'000'000'000)};
  std::map<std::string, int> exceeded_;
};

}  // namespace

TEST_CASE_FIXTURE(QuotaTest, "a shard takes 1,000 records a second") {
  Quotas quotas = make(LimitsMode::kEnforce);

  CHECK(puts(quotas, 1500, 10) == 1000);
  clock_.advance(500ms);
  CHECK(puts(quotas, 1500, 10) == 500);
  CHECK(exceeded_["shard_writes"] == 1500);
}

TEST_CASE_FIXTURE(QuotaTest, "a shard takes 1 MiB a second, of five such records the first") {
  Quotas quotas = make(LimitsMode::kEnforce);

  CHECK(puts(quotas, 5, kMib + 1) == 1);
  CHECK(quotas.put(8, kMib, clock_.now()));  // Another shard.
  clock_.advance(1s);
  CHECK(puts(quotas, 100, std::size_t{100} * 1024) == 10);
}

TEST_CASE_FIXTURE(QuotaTest, "a record larger than a second's share is paid off afterwards") {
  Quotas quotas = make(LimitsMode::kEnforce);

  CHECK(puts(quotas, 1, 10 * kMib) == 1);
  clock_.advance(8999ms);
  CHECK(puts(quotas, 1, 1) == 0);
  clock_.advance(2ms);
  CHECK(puts(quotas, 1, 1) == 1);
}

TEST_CASE_FIXTURE(QuotaTest, "a shard answers five reads a second") {
  Quotas quotas = make(LimitsMode::kEnforce);
  for (int i = 0; i < 5; ++i) CHECK(quotas.read(7));

  CHECK_FALSE(quotas.read(7));
  CHECK(quotas.read(8));
  clock_.advance(200ms);
  CHECK(quotas.read(7));
  CHECK_FALSE(quotas.read(7));
}

TEST_CASE_FIXTURE(QuotaTest, "a read of 10 MiB blocks the next one for five seconds") {
  Quotas quotas = make(LimitsMode::kEnforce);
  REQUIRE(quotas.read(7));
  quotas.has_read(7, 10 * kMib);

  clock_.advance(4999ms);
  CHECK_FALSE(quotas.read(7));
  clock_.advance(2ms);
  CHECK(quotas.read(7));
}

TEST_CASE_FIXTURE(QuotaTest,
                  "a consumer of a shard is pushed 2 MiB a second, and later what is more") {
  Quotas quotas = make(LimitsMode::kEnforce);
  const auto wait = [&](std::size_t bytes) {
    return quotas.push("consumer", bytes, clock_.now()) - clock_.now();
  };
  CHECK(wait(2 * kMib - 1) == 0ms);
  CHECK(wait(2 * kMib) == 0ms);  // A byte was left.

  CHECK(wait(1) == 1000ms);
  CHECK(quotas.push("another", 1, clock_.now()) == clock_.now());
  clock_.advance(999ms);
  CHECK(wait(1) == 1ms);
  clock_.advance(1ms);
  CHECK(wait(10 * kMib) == 0ms);
  clock_.advance(4999ms);
  CHECK(wait(1) == 1ms);
  clock_.advance(1ms);
  CHECK(wait(1) == 0ms);
  CHECK(exceeded_["shard_pushes"] == 3);
}

TEST_CASE_FIXTURE(QuotaTest, "observing counts what is pushed beyond and delays nothing") {
  Quotas quotas = make(LimitsMode::kObserve);
  for (int i = 0; i < 5; ++i) CHECK(quotas.push("c", 2 * kMib, clock_.now()) == clock_.now());

  CHECK(exceeded_["shard_pushes"] == 4);
}

TEST_CASE_FIXTURE(QuotaTest, "calls of one subject do not count for another") {
  Quotas quotas = make(LimitsMode::kEnforce);
  CHECK(quotas.call("DescribeLimits a", 1));

  CHECK_FALSE(quotas.call("DescribeLimits a", 1));
  CHECK(quotas.call("DescribeLimits b", 1));
  clock_.advance(1s);
  CHECK(quotas.call("DescribeLimits a", 1));
}

TEST_CASE_FIXTURE(QuotaTest, "what may be done so often a day may be done again a day later") {
  Quotas quotas = make(LimitsMode::kEnforce);
  CHECK(quotas.daily(1, DailyUse::kModeSwitch));
  clock_.advance(1h);
  CHECK(quotas.daily(1, DailyUse::kModeSwitch));

  CHECK_FALSE(quotas.daily(1, DailyUse::kModeSwitch));
  CHECK(quotas.daily(2, DailyUse::kModeSwitch));
  CHECK(quotas.daily(1, DailyUse::kEncryptionStart));
  clock_.advance(23h);
  CHECK(quotas.daily(1, DailyUse::kModeSwitch));
  CHECK_FALSE(quotas.daily(1, DailyUse::kModeSwitch));
}

TEST_CASE_FIXTURE(QuotaTest, "observing counts and lets everything pass") {
  Quotas quotas = make(LimitsMode::kObserve);

  CHECK(puts(quotas, 1500, 10) == 1500);
  CHECK(exceeded_["shard_writes"] == 500);
  CHECK(quotas.count("account_shards", 5, 4));
  CHECK(exceeded_["account_shards"] == 1);
}

TEST_CASE_FIXTURE(QuotaTest, "off neither counts nor refuses") {
  Quotas quotas = make(LimitsMode::kOff);

  CHECK(puts(quotas, 3000, kMib) == 3000);
  for (int i = 0; i < 100; ++i) CHECK(quotas.read(7));
  CHECK(quotas.count("account_shards", 5, 4));
  CHECK(exceeded_.empty());
}

}  // namespace millrace::streams
