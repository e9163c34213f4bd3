#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <doctest/doctest.h>

#include "app/config_values.h"
#include "app/options_file.h"
#include "streams/surroundings.h"

namespace millrace::app {

TEST_CASE("streams at start are name, shards and region, the last two as wished") {
  const auto streams = parse_initial_streams({"orders:2:eu-west-1", "clicks", "logs::us-west-2"});

  REQUIRE(streams);
  REQUIRE(streams->size() == 3);
  CHECK((*streams)[0].name == "orders");
  CHECK((*streams)[0].shard_count == 2);
  CHECK((*streams)[0].region == "eu-west-1");
  CHECK((*streams)[1].shard_count == 4);
  CHECK((*streams)[1].region.empty());
  CHECK((*streams)[2].region == "us-west-2");
  CHECK(parse_initial_streams({})->empty());
}

TEST_CASE("wrong streams at start are named") {
  for (const char* text :
       {"a:0", "a:x", "a:1:r:z", ":1", "a b", "a:10001", "a:-1", "a:1:US", "a:1:r_1", "a:1:r r"}) {
    CAPTURE(text);
    const auto refused = parse_initial_streams({text});
    REQUIRE_FALSE(refused);
    CHECK(refused.error().message.find(text) != std::string::npos);
  }
}

TEST_CASE("a delay is for all transitions or for one") {
  streams::TransitionDelays delays;
  REQUIRE(parse_delay("50", delays));
  REQUIRE(parse_delay("create=7", delays));

  CHECK(delays.create == std::chrono::milliseconds(7));
  CHECK(delays.remove == std::chrono::milliseconds(50));
  CHECK(delays.reshard == std::chrono::milliseconds(50));
  REQUIRE(parse_delay("delete=2s", delays));
  CHECK(delays.remove == std::chrono::seconds(2));
  for (const char* text : {"", "x", "-1", "create=", "split=5", "5x", "61m", "99999999999"}) {
    CAPTURE(text);
    CHECK_FALSE(parse_delay(text, delays));
  }
}

TEST_CASE("values of a list have commas or blanks between them") {
  using Values = std::vector<std::string_view>;
  CHECK(split_list("a:2, b:1") == Values{"a:2", "b:1"});
  CHECK(split_list(" ,a\t b,,\r\nc ") == Values{"a", "b", "c"});
  CHECK(split_list("") == Values{});
  CHECK(split_list(" , ") == Values{});
}

TEST_CASE("ports are numbers, each given once") {
  CHECK(parse_ports({"4567", "4568", "0"}) == std::vector<std::uint16_t>{4567, 4568, 0});
  for (const std::vector<std::string>& texts : std::vector<std::vector<std::string>>{
           {}, {"x"}, {"65536"}, {"-1"}, {""}, {"1", "1"}, {"tcp://10.0.0.1:4567"}}) {
    CHECK_FALSE(parse_ports(texts));
  }
}

TEST_CASE("a file of options has lines of name and value") {
  const auto options = parse_options_file(
      "# comment = 1\r\n\n  ; another\nport = 4567\r\nstreams=a:1, b\nempty =\n"
      "quoted = \" x # y \"\nodd = 'z\"\na=b=c");

  REQUIRE(options);
  REQUIRE(options->size() == 6);
  const auto is = [&](std::size_t i, const char* name, const char* value, int line) {
    CAPTURE(i);
    CHECK((*options)[i].name == name);
    CHECK((*options)[i].value == value);
    CHECK((*options)[i].line == line);
  };
  is(0, "port", "4567", 4);
  is(1, "streams", "a:1, b", 5);
  is(2, "empty", "", 6);
  is(3, "quoted", " x # y ", 7);
  is(4, "odd", "'z\"", 8);
  is(5, "a", "b=c", 9);
  CHECK(parse_options_file("a=1\nport 4567\n").error().message ==
        "line 2: \"port 4567\" is not name = value");
}

TEST_CASE("regions have a form, and mistyped ones have not") {
  for (const std::string_view region :
       {"us-east-1", "eu-central-2", "ap-southeast-4", "mx-central-1", "il-central-1",
        "cn-northwest-1", "us-gov-west-1", "us-iso-east-1", "us-isob-east-1", "eu-isoe-west-1",
        "us-isof-south-1", "eusc-de-east-1"}) {
    CAPTURE(region);
    CHECK(looks_like_region(region));
  }
  for (const std::string_view region :
       {"us-east1", "us-east", "useast-1", "local", "us--1", "us-east-", "-east-1", "xx-east-1",
        "us-east-1a", "1-2-3", "-", ""}) {
    CAPTURE(region);
    CHECK_FALSE(looks_like_region(region));
  }
}

}  // namespace millrace::app
