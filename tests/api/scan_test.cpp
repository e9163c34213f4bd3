#include "api/scan.h"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include <doctest/doctest.h>

#include "api/field.h"
#include "api/plain_cbor.h"
#include "api/plain_json.h"

namespace millrace::api {
namespace {

struct Record {
  std::optional<std::string_view> key;
  BlobView data;

  static constexpr auto fields = std::tuple{
      field("Key", &Record::key).length(1, 4),
      field("Data", &Record::data).required(),
  };
};

struct Request {
  std::vector<Record> records;
  std::optional<std::string> name;
  std::optional<std::string> arn;
  std::optional<std::int32_t> limit;
  std::optional<bool> is_dry;

  static constexpr auto fields = std::tuple{
      field("Records", &Request::records).length(1, 2),
      field("Name", &Request::name).required_without("Arn"),
      field("Arn", &Request::arn),
      field("Limit", &Request::limit).range(1, 10),
      field("IsDry", &Request::is_dry),
  };
};

bool is_taken(std::string_view body) {
  PlainJson scanner(body);
  Request request;
  return scan(scanner, request);
}

}  // namespace

TEST_CASE("a plain body fills a request that points into it") {
  const std::string body =
      R"({"Records":[{"Key":"a","Data":"eHl6"},{"Data":""}],"Name":"n","Limit":10,"IsDry":true})";
  PlainJson scanner(body);
  Request request;

  REQUIRE(scan(scanner, request));

  REQUIRE(request.records.size() == 2);
  CHECK(request.records[0].key == "a");
  CHECK(request.records[0].key->data() == body.data() + body.find("\"a\"") + 1);
  CHECK(request.records[0].data.bytes == "xyz");
  CHECK_FALSE(request.records[1].key);
  CHECK(request.records[1].data.bytes.empty());
  CHECK(request.name == "n");
  CHECK_FALSE(request.arn);
  CHECK(request.limit == 10);
  CHECK(request.is_dry == true);
}

// Otherwise the shorter way would be taken by nobody, and no test of behaviour would tell.
TEST_CASE("what client libraries send is plain") {
  for (const char* body : {R"({"Name":"n"})", R"({ "Name" : "n" , "Limit" : 1 } )",
                           "\n{\t\"Arn\":\"n\"\r}", "{\"Name\":\"\xc3\xa9\xe2\x82\xac\"}",
                           R"({"Records":[{"Data":"AA=="}],"Arn":"a","IsDry":false})"}) {
    CAPTURE(body);
    CHECK(is_taken(body));
  }
}

TEST_CASE("whatever is unusual is left to decode()") {
  for (const char* body : {"",
                           "{",
                           "[]",
                           R"({"Name":"n"}x)",
                           R"({"Name":"n",})",
                           R"({"Name" "n"})",
                           R"({"Name":"n" "Limit":1})",
                           R"({"Name":null})",
                           R"({"Name":"a\u0062"})",
                           R"({"Name":"n","Name":"n"})",
                           R"({"Name":"n","Other":1})",
                           R"({"Limit":1})",
                           R"({"Name":7})",
                           R"({"Name":"n","Limit":0})",
                           R"({"Name":"n","Limit":11})",
                           R"({"Name":"n","Limit":1.0})",
                           R"({"Name":"n","Limit":1e0})",
                           R"({"Name":"n","Limit":01})",
                           R"({"Name":"n","Limit":-})",
                           R"({"Name":"n","Limit":1111111111111111111})",
                           R"({"Name":"n","IsDry":"true"})",
                           R"({"Name":"n","Records":{}})",
                           R"({"Name":"n","Records":[]})",
                           R"({"Name":"n","Records":[{"Key":"a"}]})",
                           R"({"Name":"n","Records":[{"Data":"A"}]})",
                           R"({"Name":"n","Records":[{"Data":"AA\/A"}]})",
                           R"({"Name":"n","Records":[{"Data":"AAAA","Key":"12345"}]})",
                           R"({"Name":"n","Records":[{"Data":""},]})",
                           R"({"Name":"n","Records":[{"Data":""},{"Data":""},{"Data":""}]})",
                           "{\"Name\":\"\xff\"}",
                           "{\"Name\":\"a\tb\"}"}) {
    CAPTURE(body);
    CHECK_FALSE(is_taken(body));
  }
}

TEST_CASE("CBOR is scanned with lengths told before or after") {
  const std::string definite =
      "\xa2\x64Name\x61n\x67Records\x81\xa1\x64"
      "Data\x42\x01\x02";
  const std::string indefinite =
      "\xbf\x64Name\x61n\x67Records\x9f\xbf\x64"
      "Data\x42\x01\x02\xff\xff\xff";
  for (const std::string& body : {definite, indefinite}) {
    PlainCbor scanner(body);
    Request request;
    REQUIRE(scan(scanner, request));
    CHECK(request.records[0].data.bytes == "\x01\x02");
    for (std::size_t size = 0; size < body.size(); ++size) {
      CAPTURE(size);
      PlainCbor cut(std::string_view(body).substr(0, size));
      Request none;
      CHECK_FALSE(scan(cut, none));
    }
  }
}

}  // namespace millrace::api
