#include "server/config.h"

#include <chrono>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "server/connection.h"
#include "streams/catalogue.h"

namespace millrace::server {

TEST_CASE("streams at start are name, shards and region, the last two as wished") {
  const auto streams = parse_initial_streams("orders:2:eu-west-1,clicks,logs::us-west-2,");

  REQUIRE(streams);
  REQUIRE(streams->size() == 3);
  CHECK((*streams)[0].name == "orders");
  CHECK((*streams)[0].shard_count == 2);
  CHECK((*streams)[0].region == "eu-west-1");
  CHECK((*streams)[1].shard_count == 4);
  CHECK((*streams)[1].region.empty());
  CHECK((*streams)[2].region == "us-west-2");
  CHECK(parse_initial_streams("")->empty());
}

TEST_CASE("wrong streams at start are named") {
  for (const char* text :
       {"a:0", "a:x", "a:1:r:z", ":1", "a b", "a:10001", "a:-1", "a:1:US", "a:1:r_1", "a:1:r r"}) {
    CAPTURE(text);
    const auto refused = parse_initial_streams(text);
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
  for (const char* text : {"", "x", "-1", "create=", "split=5", "5s", "99999999999"}) {
    CAPTURE(text);
    CHECK_FALSE(parse_delay(text, delays));
  }
}

TEST_CASE("the first bytes of a connection decide its transport") {
  CHECK(detect_transport("") == Transport::kUndecided);
  CHECK(detect_transport("P") == Transport::kUndecided);
  CHECK(detect_transport("PRI * HTTP/2.0\r\n\r\nSM\r\n\r") == Transport::kUndecided);
  CHECK(detect_transport("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n") == Transport::kHttp2);
  CHECK(detect_transport("PO") == Transport::kHttp1);
  CHECK(detect_transport("PRI * HTTP/1.1") == Transport::kHttp1);
  CHECK(detect_transport("\x16\x03\x01") == Transport::kTls);
}

}  // namespace millrace::server
