#include "net/tls_certificate.h"

#include <chrono>
#include <string>

#include <doctest/doctest.h>

#include "base/random.h"
#include "base/time_point.h"

using namespace millrace;
using namespace millrace::net;
using namespace std::chrono_literals;

namespace {

constexpr WallTime kNow{1'800'000'000'000ms};
constexpr std::chrono::hours kTenYears{24 * 3650};

struct Made {
  SeededRandom random{1};
  KeyPair ca = make_ca(random, kNow).value();
  std::string pem = ca.certificate + ca.key;
};

}  // namespace

TEST_CASE_FIXTURE(Made, "a CA is read back as it was made") {
  const auto read = parse_ca(pem, kNow);

  REQUIRE(read);
  CHECK(read->certificate == ca.certificate);
  CHECK(read->key == ca.key);
}

TEST_CASE_FIXTURE(Made, "a CA is taken while it lasts as long as needed") {
  CHECK(parse_ca(pem, kNow + kTenYears - 1s));
  CHECK(parse_ca(pem, kNow + kTenYears + 1s).error().message == "its certificate expires too soon");
}

TEST_CASE_FIXTURE(Made, "two CAs are two") {
  const auto other = make_ca(random, kNow);

  REQUIRE(other);
  CHECK(other->certificate != ca.certificate);
  CHECK(other->key != ca.key);
}

TEST_CASE_FIXTURE(Made, "a CA whose parts do not belong together is none") {
  const auto other = make_ca(random, kNow);
  REQUIRE(other);

  CHECK(parse_ca(ca.certificate + other->key, kNow).error().message ==
        "its certificate and key do not belong together");
  for (const std::string& part : {ca.certificate, ca.key, std::string{}, std::string("junk")}) {
    CHECK(parse_ca(part, kNow).error().message == "it does not hold a certificate and a key");
  }
}

TEST_CASE_FIXTURE(Made, "a certificate is made for names that are valid only") {
  CHECK(make_leaf(ca, {"localhost", "*.example.com", "::1", "10.0.0.1"}, random, kNow));
  CHECK_FALSE(make_leaf({"junk", "junk"}, {"localhost"}, random, kNow));

  for (const char* name : {"localhost", "a-b.c_d", "*.example.com", "::1", "127.0.0.1", "A.B"}) {
    CAPTURE(name);
    CHECK(is_certificate_name(name));
  }
  for (const char* name : {"", ".", "a.", ".a", "a..b", "*", "*.", "*.*.com", "a b", "a,b", "a:b",
                           "[::1]", "a/b", "\xc3\xa9.com"}) {
    CAPTURE(name);
    CHECK_FALSE(is_certificate_name(name));
  }
  CHECK(is_certificate_name(std::string(253, 'a')));
  CHECK_FALSE(is_certificate_name(std::string(254, 'a')));
}
