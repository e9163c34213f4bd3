#include "net/budget.h"

#include <chrono>
#include <cstddef>
#include <limits>

#include <doctest/doctest.h>

namespace millrace::net {
namespace {

using namespace std::chrono_literals;

class BudgetTest {
 protected:
  static constexpr std::size_t kAll = 400;
  static constexpr std::size_t kQuarter = kAll / 4;

  Budget::Time now_{std::chrono::steady_clock::now()};
  Budget budget_{{.bytes_max = kAll, .one_max = 50, .stalled_after = 1000ms},
                 [this] { return now_; }};
};

// A share that counts how often it was ended.
struct Holder {
  explicit Holder(Budget& budget) : share(budget, connection, [this] { ++ended; }) {}

  Budget::Connection connection;
  int ended = 0;
  Budget::Share share;
};

}  // namespace

TEST_CASE_FIXTURE(BudgetTest, "a connection takes a quarter and no more, over all its shares") {
  Holder a(budget_);
  Budget::Share second(budget_, a.connection, [] {});

  CHECK(a.share.room() == kQuarter);
  CHECK(a.share.take(kQuarter - 1));
  CHECK(second.room() == 1);
  CHECK_FALSE(second.take(2));
  CHECK(second.take(1));
  CHECK(budget_.taken() == kQuarter);
  a.share.give_back();
  CHECK(second.take(kQuarter - 1));
}

TEST_CASE("a small budget lets a connection have one request's need") {
  Budget budget({.bytes_max = 100, .one_max = 80});
  Holder a(budget);

  CHECK(a.share.take(80));
  CHECK_FALSE(a.share.take(1));
}

TEST_CASE_FIXTURE(BudgetTest, "what is destroyed or given back is there for others") {
  {
    Holder a(budget_);
    CHECK(a.share.take(70));
    CHECK(budget_.taken() == 70);
  }
  CHECK(budget_.taken() == 0);
}

TEST_CASE_FIXTURE(BudgetTest, "the one that has stalled longest is ended, and no other") {
  Holder a(budget_);
  Holder b(budget_);
  Holder c(budget_);
  Holder d(budget_);
  Holder asking(budget_);
  for (Holder* holder : {&a, &b, &c, &d}) {
    REQUIRE(holder->share.take(kQuarter));
    now_ += 100ms;
  }
  now_ += 2000ms;
  a.share.note_move(Budget::kMoveBytesMin);

  CHECK(asking.share.room() == kQuarter);
  CHECK(asking.share.take(1));

  CHECK((a.ended + c.ended + d.ended) == 0);
  CHECK(b.ended == 1);
  CHECK(b.share.has_ended());
  CHECK_FALSE(b.share.take(1));
  b.share.give_back();
  CHECK(budget_.taken() == 3 * kQuarter + 1);
}

TEST_CASE_FIXTURE(BudgetTest, "nobody is ended who moved within the time") {
  Holder holders[] = {Holder(budget_), Holder(budget_), Holder(budget_), Holder(budget_)};
  for (Holder& holder : holders) REQUIRE(holder.share.take(kQuarter));
  Holder asking(budget_);
  now_ += 999ms;

  CHECK(asking.share.room() == 0);
  CHECK_FALSE(asking.share.take(1));

  now_ += 1ms;
  CHECK(asking.share.take(1));
}

TEST_CASE_FIXTURE(BudgetTest, "a peer that has done its part is not ended for others") {
  Holder holders[] = {Holder(budget_), Holder(budget_), Holder(budget_), Holder(budget_)};
  for (Holder& holder : holders) {
    REQUIRE(holder.share.take(kQuarter));
    holder.share.note_done();
  }
  Holder asking(budget_);
  now_ += 1h;

  CHECK_FALSE(asking.share.take(1));
}

TEST_CASE_FIXTURE(BudgetTest, "several are ended where one is not enough") {
  Holder a(budget_);
  Holder b(budget_);
  Holder c(budget_);
  Holder d(budget_);
  REQUIRE(a.share.take(10));
  REQUIRE(b.share.take(90));
  REQUIRE(c.share.take(kQuarter));
  REQUIRE(d.share.take(kQuarter));
  Holder e(budget_);
  REQUIRE(e.share.take(kQuarter));
  now_ += 2000ms;
  d.share.note_move(Budget::kMoveBytesMin);
  e.share.note_move(Budget::kMoveBytesMin);
  Holder asking(budget_);

  CHECK(asking.share.take(50));

  CHECK((a.ended + b.ended + c.ended) >= 1);
  CHECK((d.ended + e.ended) == 0);
  CHECK(budget_.taken() <= kAll);
}

TEST_CASE_FIXTURE(BudgetTest,
                  "a share that holds nothing is never ended, nor looked at when it is gone") {
  {
    Holder nothing(budget_);
    CHECK(nothing.share.take(0));
  }
  Holder idle(budget_);
  CHECK(idle.share.take(0));
  Holder holders[] = {Holder(budget_), Holder(budget_), Holder(budget_), Holder(budget_)};
  for (Holder& holder : holders) REQUIRE(holder.share.take(kQuarter));
  Holder asking(budget_);
  now_ += 2000ms;

  CHECK(asking.share.take(1));

  CHECK(idle.ended == 0);
}

TEST_CASE_FIXTURE(BudgetTest, "a byte now and then is no move") {
  Holder holders[] = {Holder(budget_), Holder(budget_), Holder(budget_), Holder(budget_)};
  for (Holder& holder : holders) REQUIRE(holder.share.take(kQuarter - 1));
  Holder asking(budget_);
  for (int i = 0; i < 3; ++i) {
    now_ += 400ms;
    for (Holder& holder : holders) holder.share.note_move(1);
  }

  CHECK(asking.share.take(50));
}

TEST_CASE("no request's size is too large to be compared") {
  Budget budget({.bytes_max = 100, .one_max = 80});
  Holder a(budget);

  CHECK_FALSE(a.share.take(std::numeric_limits<std::size_t>::max() / 2));
  CHECK(budget.taken() == 0);
}

}  // namespace millrace::net
