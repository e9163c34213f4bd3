#include "net/connection.h"

#include <doctest/doctest.h>

namespace millrace::net {

TEST_CASE("the first bytes of a connection decide its transport") {
  CHECK(detect_transport("") == Transport::kUndecided);
  CHECK(detect_transport("P") == Transport::kUndecided);
  CHECK(detect_transport("PRI * HTTP/2.0\r\n\r\nSM\r\n\r") == Transport::kUndecided);
  CHECK(detect_transport("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n") == Transport::kHttp2);
  CHECK(detect_transport("PO") == Transport::kHttp1);
  CHECK(detect_transport("PRI * HTTP/1.1") == Transport::kHttp1);
  CHECK(detect_transport("\x16\x03\x01") == Transport::kTls);
}

}  // namespace millrace::net
