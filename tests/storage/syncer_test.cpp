#include "storage/rocksdb/syncer.h"

#include <chrono>
#include <deque>
#include <optional>

#include <doctest/doctest.h>

#include "base/error.h"
#include "storage/engine.h"
#include "storage/errors.h"
#include "storage/rocksdb/rocksdb_options.h"

namespace millrace::storage {
namespace {

// A device that takes what it is given.
Syncer::Hooks hooks() {
  Syncer::Hooks hooks;
  hooks.sync = [] { return true; };
  hooks.on_synced = [](Ticket) {};
  hooks.on_failed = [] {};
  hooks.on_second = [] {};
  return hooks;
}

class SyncerTest {
 protected:
  // What who waits for `ticket` is told; nothing while it is not decided.
  const std::optional<Result<void>>& wait_for(Ticket ticket) {
    auto& told = told_.emplace_back();
    syncer_.when_durable(ticket, [&told](Result<void> outcome) { told = outcome; });
    return told;
  }

  Syncer syncer_{Fsync::kNever, std::chrono::milliseconds(1), hooks()};

 private:
  std::deque<std::optional<Result<void>>> told_;
};

TEST_CASE_FIXTURE(SyncerTest, "who waits for a write is told when it is done") {
  const auto& first = wait_for(1);
  const auto& third = wait_for(3);
  CHECK_FALSE(syncer_.is_durable(1));
  CHECK_FALSE(first);

  syncer_.committed(2);

  CHECK(syncer_.is_durable(2));
  CHECK_FALSE(syncer_.is_durable(3));
  REQUIRE(first);
  CHECK(*first);
  CHECK_FALSE(third);
}

TEST_CASE_FIXTURE(SyncerTest,
                  "who waits for a write that fails is told so, before and afterwards") {
  const auto& before = wait_for(1);
  const auto& next = wait_for(2);

  syncer_.failed(1, {kBusy, "held up"});
  syncer_.committed(2);
  const auto& afterwards = wait_for(1);

  CHECK_FALSE(syncer_.is_durable(1));
  CHECK(syncer_.is_durable(2));
  for (const auto* told : {&before, &afterwards}) {
    REQUIRE(*told);
    REQUIRE_FALSE(**told);
    CHECK((*told)->error().code == kBusy);
  }
  REQUIRE(next);
  CHECK(*next);
}

TEST_CASE_FIXTURE(SyncerTest, "with failures forgotten, what is as old counts as failed") {
  syncer_.committed(1);
  for (Ticket ticket = 2; ticket < 2 + Syncer::kFailuresKept; ++ticket) {
    syncer_.failed(ticket, {kBusy, ""});
  }
  CHECK(syncer_.is_durable(1));

  const Ticket last = 2 + Syncer::kFailuresKept;
  syncer_.failed(last, {kBusy, ""});
  syncer_.committed(last + 1);

  const auto& forgotten = wait_for(1);
  CHECK_FALSE(syncer_.is_durable(1));
  REQUIRE(forgotten);
  REQUIRE_FALSE(*forgotten);
  CHECK((*forgotten).error().code == kFailed);
  CHECK(syncer_.is_durable(last + 1));
}

TEST_CASE_FIXTURE(SyncerTest, "nobody waits beyond a stop") {
  syncer_.committed(1);

  syncer_.stop();

  const auto& never = wait_for(2);
  CHECK(syncer_.is_durable(1));
  REQUIRE(never);
  CHECK_FALSE(*never);
}

}  // namespace
}  // namespace millrace::storage
