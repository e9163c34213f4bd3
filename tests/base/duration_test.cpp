#include "base/duration.h"

#include <chrono>

#include <doctest/doctest.h>

namespace millrace {

TEST_CASE("a time has a unit, or that of its option") {
  using std::chrono::hours;
  using std::chrono::milliseconds;
  using std::chrono::seconds;
  CHECK(parse_duration("500", milliseconds(1)) == milliseconds(500));
  CHECK(parse_duration("5", seconds(1)) == seconds(5));
  CHECK(parse_duration("500ms", seconds(1)) == milliseconds(500));
  CHECK(parse_duration("2s", milliseconds(1)) == seconds(2));
  CHECK(parse_duration("3m", milliseconds(1)) == seconds(180));
  CHECK(parse_duration("24h", milliseconds(1)) == hours(24));
  CHECK(parse_duration("25h") == hours(25));
  CHECK_FALSE(parse_duration("25"));
  for (const char* text : {"", "s", "-1", "1.5s", "1 s", "1d", "5S", "0x5", "9223372036854775807h",
                           "99999999999999999999"}) {
    CAPTURE(text);
    CHECK_FALSE(parse_duration(text, milliseconds(1)));
    CHECK_FALSE(parse_duration(text));
  }
}

TEST_CASE("a time is shown in the largest unit that fits") {
  using std::chrono::milliseconds;
  CHECK(show_duration(milliseconds(0)) == "0ms");
  CHECK(show_duration(milliseconds(1'500)) == "1500ms");
  CHECK(show_duration(milliseconds(60'000)) == "1m");
  CHECK(show_duration(milliseconds(90'000)) == "90s");
  CHECK(show_duration(milliseconds(86'400'000)) == "24h");
}

}  // namespace millrace
