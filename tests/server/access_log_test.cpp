#include "server/access_log.h"

#include <chrono>
#include <cstddef>
#include <vector>

#include <doctest/doctest.h>
#include <fcntl.h>

#include "server/log_line.h"
#include "server/log_writer.h"

namespace millrace::server {
namespace {

using std::chrono::milliseconds;

const LineBudget::TimePoint kStart{std::chrono::hours(1)};

}  // namespace

TEST_CASE("fifty lines a second are written, and the others counted once") {
  LineBudget budget;
  std::size_t taken = 0;
  for (int i = 0; i < 80; ++i) taken += budget.take(kStart + milliseconds(i)) ? 1 : 0;

  CHECK(taken == 50);
  CHECK(budget.take_left_out(kStart + milliseconds(999)) == 0);
  CHECK(budget.take_left_out(kStart + milliseconds(1000)) == 30);
  CHECK(budget.take_left_out(kStart + milliseconds(1000)) == 0);
  CHECK(budget.take(kStart + milliseconds(1000)));
}

TEST_CASE("fifty lines in a second leave nothing to count") {
  LineBudget budget;
  for (int i = 0; i < 50; ++i) REQUIRE(budget.take(kStart));

  CHECK(budget.take_left_out(kStart + milliseconds(5000)) == 0);
}

TEST_CASE("status, time and refusal decide whether a request has a line") {
  LogWriter writer(::open("/dev/null", O_WRONLY | O_CLOEXEC));
  struct Row {
    int status;
    milliseconds duration;
    AccessLog::Kind kind;
    bool is_wanted;
  };
  const std::vector<Row> rows = {
      {200, milliseconds(0), {}, false},          {200, milliseconds(1000), {}, false},
      {200, milliseconds(1001), {}, true},        {200, milliseconds(1001), {false, true}, false},
      {400, milliseconds(0), {}, false},          {499, milliseconds(0), {}, false},
      {500, milliseconds(0), {}, true},           {500, milliseconds(0), {false, true}, true},
      {503, milliseconds(0), {}, true},           {403, milliseconds(0), {true, false}, true},
      {400, milliseconds(0), {true, false}, true}};
  const AccessLog errors(writer, LogFormat::kText, {});
  const AccessLog all(writer, LogFormat::kText, {AccessLogMode::kAll, milliseconds(1000)});
  const AccessLog off(writer, LogFormat::kText, {AccessLogMode::kOff, milliseconds(1000)});
  for (const Row& row : rows) {
    CAPTURE(row.status);
    CAPTURE(row.duration.count());
    CHECK(errors.wants(row.status, row.duration, row.kind) == row.is_wanted);
    CHECK(all.wants(row.status, row.duration, row.kind));
    CHECK_FALSE(off.wants(row.status, row.duration, row.kind));
  }
}

}  // namespace millrace::server
