#include "aws/sigv4_verify.h"

#include <chrono>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include <doctest/doctest.h>

#include "api/session_keys.h"
#include "aws/access_keys.h"
#include "base/bytes.h"
#include "base/digest.h"
#include "base/random.h"
#include "base/sealer.h"
#include "base/time_point.h"
#include "base/wall_clock.h"
#include "net/http.h"

namespace millrace::aws {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr WallTime kSignedAt = wall_from_millis(1'440'938'160'000);  // 20150830T123600Z
constexpr std::string_view kAuthorization =
    "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/kinesis/aws4_request, "
    "SignedHeaders=content-type;host;x-amz-date;x-amz-target, "
    "Signature=32b490ef1cc4089f9031bef1172c69be1103c437d8f6d2f37f2f150a90e0b24c";

// Signed by botocore, as is the presigned one.
net::HttpRequest signed_request() {
  net::HttpRequest request;
  request.method = "POST";
  request.path = "/";
  request.headers = {{"Host", "localhost:4567"},
                     {"Content-Type", "application/x-amz-json-1.1"},
                     {"X-Amz-Target", "Kinesis_20131202.ListStreams"},
                     {"X-Amz-Date", "20150830T123600Z"},
                     {"Authorization", kAuthorization}};
  request.body = "{}";
  return request;
}

// Good for 60 seconds.
net::HttpRequest presigned_request() {
  net::HttpRequest request = signed_request();
  request.headers.resize(3);
  request.query =
      "X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKIDEXAMPLE%2F20150830%2Fus-east-1%2F"
      "kinesis%2Faws4_request&X-Amz-Date=20150830T123600Z&X-Amz-Expires=60&X-Amz-SignedHeaders="
      "host%3Bx-amz-target&X-Amz-Signature="
      "e1f7f6959030069bf2ad6cedba3cc6dc17c0b98b603064b0f3039bb7c20efb56";
  return request;
}

const Sealer& sealer() {
  static SeededRandom random(1);
  static const Sealer kSealer(SealKey{1}, random);
  return kSealer;
}

// The name of the refusal, empty if there is none.
std::string verdict(const net::HttpRequest& request, WallTime now = kSignedAt,
                    const AccessKeys& keys = {{"AKIDEXAMPLE", {"secret"}}}) {
  const ManualWallClock clock(now);
  const auto verified = verify_signature(request, "kinesis", {keys, clock, sealer()});
  return verified ? "" : std::string(verified.error().code.name);
}

std::string message(const net::HttpRequest& request, WallTime now) {
  const ManualWallClock clock(now);
  const auto verified =
      verify_signature(request, "kinesis", {{{"AKIDEXAMPLE", {"secret"}}}, clock, sealer()});
  return verified ? "" : verified.error().message;
}

std::string canonical(std::string_view path, std::string_view query) {
  net::HttpRequest request;
  request.method = "GET";
  request.path = path;
  request.query = query;
  return canonical_request(request, {}, "");
}

}  // namespace

TEST_CASE("what another program signed is verified") {
  CHECK(verdict(signed_request()).empty());
  CHECK(verdict(presigned_request()).empty());
}

TEST_CASE("another secret, key or body is refused") {
  net::HttpRequest changed = signed_request();
  changed.body = "{ }";

  CHECK(verdict(changed) == "InvalidSignatureException");
  CHECK(verdict(signed_request(), kSignedAt, {{"AKIDEXAMPLE", {"secret2"}}}) ==
        "InvalidSignatureException");
  CHECK(verdict(signed_request(), kSignedAt, {{"AKIDOTHER", {"secret"}}}) ==
        "UnrecognizedClientException");
  CHECK(verdict(signed_request(), kSignedAt, {}) == "UnrecognizedClientException");
}

TEST_CASE("every header that was signed counts") {
  for (std::size_t i = 0; i < 4; ++i) {
    net::HttpRequest changed = signed_request();
    CAPTURE(changed.headers[i].name);
    changed.headers[i].value = "20150830T123601Z";
    CHECK(verdict(changed) == "InvalidSignatureException");
    changed.headers.erase(changed.headers.begin() + static_cast<std::ptrdiff_t>(i));
    CHECK_FALSE(verdict(changed).empty());
  }
  net::HttpRequest twice = signed_request();
  twice.headers.push_back({"x-amz-target", "Kinesis_20131202.DescribeLimits"});
  CHECK(verdict(twice) == "InvalidSignatureException");
}

TEST_CASE("a request is good for five minutes around its date, a presigned one until it expires") {
  struct Row {
    net::HttpRequest request;
    milliseconds age;
    bool is_good;
  };
  for (const Row& row :
       {Row{signed_request(), seconds(300), true},
        Row{signed_request(), milliseconds(300'999), true},
        Row{signed_request(), seconds(301), false}, Row{signed_request(), seconds(-300), true},
        Row{signed_request(), milliseconds(-300'001), false},
        Row{presigned_request(), seconds(60), true}, Row{presigned_request(), seconds(61), false},
        Row{presigned_request(), seconds(-300), true},
        Row{presigned_request(), seconds(-301), false}}) {
    CAPTURE(row.age.count());
    CHECK(verdict(row.request, kSignedAt + row.age).empty() == row.is_good);
  }
  CHECK(message(signed_request(), kSignedAt + seconds(301)) ==
        "Signature expired: 20150830T123600Z is now earlier than 20150830T123601Z "
        "(20150830T124101Z - 5 min.)");
  CHECK(message(signed_request(), kSignedAt - seconds(301)) ==
        "Signature not yet current: 20150830T123600Z is still later than 20150830T123559Z "
        "(20150830T123059Z + 5 min.)");
}

TEST_CASE("paths are normalised and encoded as they came") {
  struct Row {
    const char* path;
    const char* canonical;
  };
  for (const Row& row : std::vector<Row>{{"", "/"},
                                         {"/", "/"},
                                         {"//", "/"},
                                         {"/a", "/a"},
                                         {"//a///b//", "/a/b/"},
                                         {"/./a/./b", "/a/b"},
                                         {"/a/../..", "/"},
                                         {"/a/..", "/"},
                                         {"/a/../b", "/b"},
                                         {"/a b", "/a%20b"},
                                         {"/a%20b", "/a%2520b"},
                                         {"/-._~$", "/-._~%24"}}) {
    CAPTURE(row.path);
    CHECK(canonical(row.path, "") == "GET\n" + std::string(row.canonical) + "\n\n\n\n");
  }
}

TEST_CASE("queries are sorted by encoded name and value") {
  struct Row {
    const char* query;
    const char* canonical;
  };
  for (const Row& row : std::vector<Row>{{"b=1&a=2", "a=2&b=1"},
                                         {"a=2&a=1&a", "a=&a=1&a=2"},
                                         {"P-3=x&P=y", "P=y&P-3=x"},
                                         {"a=%7e%2f+%e1=", "a=~%2F%2B%E1%3D"},
                                         {"a=%4", "a=%254"},
                                         {"&&", ""},
                                         {"X-Amz-Signature=1&a=&X-Amz%2DSignature=2", "a="}}) {
    CAPTURE(row.query);
    CHECK(canonical("/", row.query) == "GET\n/\n" + std::string(row.canonical) + "\n\n\n");
  }
}

TEST_CASE("the names of signed headers are sorted, in lower case and there once") {
  CHECK(signed_names("X-B;host;;x-a;HOST") == std::vector<std::string>{"host", "x-a", "x-b"});
  CHECK(signed_names("").empty());
}

namespace {

// A request for `service`, signed with a temporary key.
struct WithTemporaryKey {
  std::string authorization;
  net::HttpRequest request = signed_request();

  WithTemporaryKey(const api::SessionKey& key, std::string_view service, const std::string& token) {
    constexpr std::string_view kNames = "content-type;host;x-amz-date;x-amz-target";
    const std::string scope = "20150830/us-east-1/" + std::string(service) + "/aws4_request";
    request.headers.pop_back();
    const std::string canonical =
        canonical_request(request, signed_names(kNames), to_hex(sha256(request.body)));
    authorization = std::string(kSignatureAlgorithm) + " Credential=" + key.access_key_id + "/" +
                    scope + ", SignedHeaders=" + std::string(kNames) + ", Signature=" +
                    signature(key.secret_access_key, scope,
                              string_to_sign("20150830T123600Z", scope, canonical));
    request.headers.push_back({"Authorization", authorization});
    if (!token.empty()) request.headers.push_back({"X-Amz-Security-Token", token});
  }
};

std::string verdict_for(const net::HttpRequest& request, std::string_view service,
                        WallTime now = kSignedAt) {
  const ManualWallClock clock(now);
  const auto verified = verify_signature(request, service, {{}, clock, sealer()});
  return verified ? "" : std::string(verified.error().code.name);
}

}  // namespace

TEST_CASE("a temporary key signs with its token, until its session ends") {
  const api::Session session{"123456789012", "assumed-role/r/s", kSignedAt + seconds(60)};
  const api::SessionKey key = api::make_session_key(sealer(), session);
  const std::string& token = key.session_token;

  const WithTemporaryKey good(key, "kinesis", token);
  CHECK(verdict_for(good.request, "kinesis").empty());
  CHECK(verdict_for(good.request, "kinesis", kSignedAt + seconds(59)).empty());
  CHECK(verdict_for(good.request, "kinesis", kSignedAt + seconds(60)) == "ExpiredTokenException");
  CHECK(verdict_for(WithTemporaryKey(key, "sts", token).request, "sts").empty());
  CHECK(verdict_for(good.request, "sts") == "InvalidSignatureException");
}

TEST_CASE("a temporary key is none without its token, or with another's") {
  const api::SessionKey key =
      api::make_session_key(sealer(), {"123456789012", "", kSignedAt + seconds(60)});
  const api::SessionKey other =
      api::make_session_key(sealer(), {"210987654321", "", kSignedAt + seconds(60)});
  SeededRandom random(1);
  const Sealer foreign(SealKey{2}, random);
  const api::SessionKey elsewhere =
      api::make_session_key(foreign, {"123456789012", "", kSignedAt + seconds(60)});
  api::SessionKey forged = key;
  forged.secret_access_key = "guessed";

  CHECK(verdict_for(WithTemporaryKey(key, "kinesis", "").request, "kinesis") ==
        "UnrecognizedClientException");
  CHECK(verdict_for(WithTemporaryKey(key, "kinesis", other.session_token).request, "kinesis") ==
        "UnrecognizedClientException");
  CHECK(verdict_for(WithTemporaryKey(elsewhere, "kinesis", elsewhere.session_token).request,
                    "kinesis") == "UnrecognizedClientException");
  CHECK(verdict_for(WithTemporaryKey(forged, "kinesis", key.session_token).request, "kinesis") ==
        "InvalidSignatureException");
}

}  // namespace millrace::aws
