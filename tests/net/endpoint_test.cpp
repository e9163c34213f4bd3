#include "net/endpoint.h"

#include <string_view>

#include <doctest/doctest.h>

namespace millrace::net {

TEST_CASE("an endpoint is what its URL says") {
  const Endpoint plain{false, "127.0.0.1", 4567};
  const Endpoint secure{true, "::1", 65535};

  CHECK(to_url(plain) == "http://127.0.0.1:4567");
  CHECK(to_url(secure) == "https://[::1]:65535");
  CHECK(parse_endpoint(to_url(plain)) == plain);
  CHECK(parse_endpoint(to_url(secure)) == secure);
}

TEST_CASE("what is no URL of an endpoint is refused") {
  for (const std::string_view text :
       {"", "http://", "http://:1", "http://a", "http://a:", "ftp://a:1", "http://a:65536",
        "http://a:1/", "http://a:-1", "https://a:1 ", "127.0.0.1:4567", "http:1"}) {
    CAPTURE(text);
    CHECK_FALSE(parse_endpoint(text).has_value());
  }
}

TEST_CASE("every address is reached on loopback") {
  CHECK(reachable_address("0.0.0.0") == "127.0.0.1");
  CHECK(reachable_address("::") == "::1");
  CHECK(reachable_address("localhost") == "127.0.0.1");
  CHECK(reachable_address("192.0.2.1") == "192.0.2.1");
}

}  // namespace millrace::net
