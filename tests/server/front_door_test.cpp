#include "server/front_door.h"

#include <string>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include "net/http.h"

namespace millrace::server {
namespace {

net::HttpRequest request(std::vector<net::Header> headers) {
  net::HttpRequest made;
  made.method = "POST";
  made.path = "/";
  made.headers = std::move(headers);
  return made;
}

int status(const FrontDoor& door, std::vector<net::Header> headers) {
  const auto refusal = door.refuse(request(std::move(headers)));
  return refusal ? refusal->status : 200;
}

}  // namespace

TEST_CASE("only names that lead here are served") {
  const FrontDoor door({"kinesis.example.com", "dotted.example.com."}, {});
  struct Row {
    const char* host;
    int status;
  };
  for (const Row& row : std::vector<Row>{{"localhost", 200},
                                         {"localhost:4567", 200},
                                         {"LOCALHOST:4567", 200},
                                         {"127.0.0.1:4567", 200},
                                         {"192.168.1.7", 200},
                                         {"[::1]:4567", 200},
                                         {"[::1]", 200},
                                         {"app.localhost", 200},
                                         {"kinesis", 200},
                                         {"host.docker.internal:4567", 200},
                                         {"kinesis.us-east-1.amazonaws.com", 200},
                                         {"millrace.default.svc", 200},
                                         {"millrace.default.svc.cluster.local:80", 200},
                                         {"kinesis.example.com:4567", 200},
                                         {"localhost.", 200},
                                         {"localhost.:4567", 200},
                                         {"127.0.0.1.:4567", 200},
                                         {"kinesis.", 200},
                                         {"app.localhost.:80", 200},
                                         {"host.docker.internal.", 200},
                                         {"host.docker.internal.:4567", 200},
                                         {"kinesis.us-east-1.amazonaws.com.:443", 200},
                                         {"millrace.default.svc.cluster.local.", 200},
                                         {"kinesis.example.com.", 200},
                                         {"dotted.example.com:4567", 200},
                                         {"dotted.example.com.", 200},
                                         {"evil.example.com", 403},
                                         {"example.com.", 403},
                                         {"127.0.0.1.evil.com", 403},
                                         {"localhost.evil.com", 403},
                                         {"evil.example.com.", 403},
                                         {"evil.example.com.:4567", 403},
                                         {"localhost.evil.com.", 403},
                                         {"localhost..", 403},
                                         {"kinesis.example.com..", 403},
                                         {".", 403},
                                         {".:80", 403},
                                         {":80", 403},
                                         {"evilamazonaws.com", 403},
                                         {"localhost:port", 403},
                                         {"localhost:4567:1", 403},
                                         {"[::1", 403},
                                         {"[evil.com]", 403},
                                         {"a b", 403},
                                         {"user@localhost", 403},
                                         {"", 403}}) {
    CAPTURE(row.host);
    CHECK(status(door, {{"Host", row.host}}) == row.status);
  }
}

TEST_CASE("a web page is served only when its origin is allowed") {
  const FrontDoor closed({}, {});
  const FrontDoor open({}, {"http://localhost:3000"});
  const net::Header host{"Host", "localhost"};

  CHECK(status(closed, {host, {"Origin", "http://localhost:3000"}}) == 403);
  CHECK(status(closed, {host, {"Origin", "null"}}) == 403);
  CHECK(status(closed, {host, {"Sec-Fetch-Site", "cross-site"}}) == 403);
  CHECK(status(closed, {host, {"Sec-Fetch-Site", "none"}}) == 200);
  CHECK(status(open, {host, {"Origin", "http://localhost:3000"}}) == 200);
  CHECK(status(open, {host, {"Origin", "https://localhost:3000"}}) == 403);
}

TEST_CASE("a page of this server may call it, and no other") {
  const FrontDoor door({}, {});
  struct Row {
    const char* protocol;
    const char* host;
    const char* origin;
    int status;
  };
  for (const Row& row :
       std::vector<Row>{{"http1", "localhost:4567", "http://localhost:4567", 200},
                        {"http2", "LOCALHOST:4567", "HTTP://localhost:4567", 200},
                        {"http1", "localhost", "http://localhost", 200},
                        {"http1", "localhost:80", "http://localhost", 200},
                        {"http1", "localhost.:4567", "http://localhost:4567", 200},
                        {"http1", "[::1]:4567", "http://[::1]:4567", 200},
                        {"http1+tls", "localhost:4567", "https://localhost:4567", 200},
                        {"http2+tls", "localhost", "https://localhost:443", 200},
                        {"http1", "localhost:4567", "https://localhost:4567", 403},
                        {"http1+tls", "localhost:4567", "http://localhost:4567", 403},
                        {"http1", "localhost:4567", "http://localhost", 403},
                        {"http1", "localhost:4567", "http://localhost:3000", 403},
                        {"http1", "localhost:4567", "http://127.0.0.1:4567", 403},
                        {"http1", "localhost:4567", "http://localhost:4567/", 403},
                        {"http1", "localhost:4567", "http://a@localhost:4567", 403},
                        {"http1", "localhost:4567", "localhost:4567", 403},
                        {"http1", "localhost:4567", "http://", 403},
                        {"http1", "localhost:4567", "", 403},
                        {"http1", "evil.com", "http://evil.com", 403}}) {
    CAPTURE(row.host);
    CAPTURE(row.origin);
    net::HttpRequest made = request({{"Host", row.host}, {"Origin", row.origin}});
    made.protocol = row.protocol;
    const auto refusal = door.refuse(made);
    CHECK((refusal ? refusal->status : 200) == row.status);
    net::HttpResponse response;
    door.add_headers(made, response);
    CHECK(response.headers.empty());
  }
}

TEST_CASE("each of several origins has to be allowed") {
  const FrontDoor door({}, {"http://a.example"});
  const net::Header host{"Host", "localhost"};

  CHECK(status(door, {host, {"Origin", "http://localhost"}, {"Origin", "http://a.example"}}) ==
        200);
  CHECK(status(door, {host, {"Origin", "http://localhost"}, {"Origin", "http://b.example"}}) ==
        403);
  CHECK(status(door, {host, {"Origin", "http://a.example"}, {"Origin", "http://b.example"}}) ==
        403);
}

TEST_CASE("a refusal names the option that allows") {
  const FrontDoor door({}, {});

  CHECK(door.refuse(request({{"Host", "evil.com"}}))->body.find("--allow-host") !=
        std::string::npos);
  CHECK(door.refuse(request({{"Host", "localhost"}, {"Origin", "http://x"}}))
            ->body.find("--allow-origin") != std::string::npos);
}

TEST_CASE("two Host headers are a bad request") {
  CHECK(status(FrontDoor({}, {}), {{"Host", "localhost"}, {"host", "evil.com"}}) == 400);
}

}  // namespace millrace::server
