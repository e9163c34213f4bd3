#include "base/iso_time.h"

#include <cstdint>
#include <string_view>
#include <vector>

#include <doctest/doctest.h>

#include "base/time_point.h"

namespace millrace {

TEST_CASE("times are written in UTC, with milliseconds where there are some") {
  struct Row {
    std::int64_t millis;
    std::string_view text;
  };
  for (const Row& row : std::vector<Row>{{0, "1970-01-01T00:00:00Z"},
                                         {1'700'000'000'000, "2023-11-14T22:13:20Z"},
                                         {1'700'000'000'007, "2023-11-14T22:13:20.007Z"},
                                         {1'709'164'800'000, "2024-02-29T00:00:00Z"},
                                         {-1, "1969-12-31T23:59:59.999Z"},
                                         {253'402'300'799'999, "9999-12-31T23:59:59.999Z"}}) {
    CAPTURE(row.text);
    CHECK(iso_time(time_from_millis(row.millis)) == row.text);
    CHECK(parse_iso_time(row.text) == time_from_millis(row.millis));
  }
}

TEST_CASE("times are read with any decimals and any offset") {
  struct Row {
    std::string_view text;
    std::int64_t millis;
  };
  for (const Row& row : std::vector<Row>{{"1970-01-01T00:00:00.1Z", 100},
                                         {"1970-01-01T00:00:00.123456789Z", 123},
                                         {"1970-01-01T01:30:00+01:30", 0},
                                         {"1969-12-31T23:00:00-01:00", 0}}) {
    CAPTURE(row.text);
    CHECK(parse_iso_time(row.text) == time_from_millis(row.millis));
  }
}

TEST_CASE("what is no time is refused") {
  for (const std::string_view text :
       {"", "1700000000", "1970-01-01", "1970-01-01T00:00:00", "1970-01-01 00:00:00Z",
        "1970-13-01T00:00:00Z", "1970-02-29T00:00:00Z", "1970-01-01T24:00:00Z",
        "1970-01-01T00:60:00Z", "1970-01-01T00:00:60Z", "1970-01-01T00:00:00.Z",
        "1970-01-01T00:00:00Zx", "1970-01-01T00:00:00+0100", "1970-1-1T00:00:00Z",
        "+970-01-01T00:00:00Z"}) {
    CAPTURE(text);
    CHECK_FALSE(parse_iso_time(text));
  }
}

}  // namespace millrace
