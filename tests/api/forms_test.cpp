// What the forms have in common: the same field table in all of them.

#include <cmath>
#include <cstdint>
#include <limits>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include <doctest/doctest.h>

#include "api/cbor.h"
#include "api/decode.h"
#include "api/encode.h"
#include "api/errors.h"
#include "api/field.h"
#include "api/json.h"
#include "api/query.h"
#include "api/value.h"
#include "api/xml.h"
#include "base/error.h"
#include "base/time_point.h"

namespace millrace::api {
namespace {

struct Inner {
  std::string name;
  static constexpr auto fields = std::tuple{field("Name", &Inner::name)};
};

struct Shape {
  std::optional<double> number;
  std::optional<TimePoint> time;
  std::optional<std::map<std::string, std::string>> map;
  std::optional<std::vector<Inner>> list;
  std::optional<std::vector<double>> numbers;
  std::optional<std::int32_t> count;
  std::optional<bool> flag;
  std::optional<Blob> blob;
  std::optional<Inner> inner;

  static constexpr auto fields = std::tuple{
      field("Number", &Shape::number),   field("Time", &Shape::time),
      field("Map", &Shape::map),         field("List", &Shape::list),
      field("Numbers", &Shape::numbers), field("Count", &Shape::count),
      field("Flag", &Shape::flag),       field("Blob", &Shape::blob),
      field("Inner", &Shape::inner),
  };
};

constexpr Forms kAll{.has_json = true, .has_cbor = true, .has_rpc_cbor = true, .has_xml = true};
constexpr TimePoint kTime = time_from_millis(1'700'000'000'123);

Shape whole() {
  Shape shape;
  shape.number = 0.1;
  shape.time = kTime;
  shape.map = {{"a<b", "\"x\""}, {"c", ""}};
  shape.list = {{"one"}, {"two"}};
  shape.numbers = {1, -2.5};
  shape.count = 7;
  shape.flag = true;
  shape.blob = Blob{"abc"};
  shape.inner = Inner{"in"};
  return shape;
}

Result<Shape> decoded(std::string_view body, Form form) {
  auto value = form == Form::kQuery  ? parse_query(body)
               : form == Form::kJson ? Result<Value>(*parse_json(body))
                                     : Result<Value>(*parse_cbor(body));
  if (!value) return std::unexpected(value.error());
  return decode<Shape>(*value, form);
}

}  // namespace

TEST_CASE("a structure reads as it was written, in each form that is both read and written") {
  for (const Form form : {Form::kJson, Form::kCbor, Form::kRpcCbor}) {
    CAPTURE(static_cast<int>(form));
    const auto shape = decoded(encode<kAll>(whole(), form), form);

    REQUIRE(shape);
    CHECK(shape->number == 0.1);
    CHECK(shape->time == kTime);
    CHECK(shape->map == whole().map);
    REQUIRE(shape->list->size() == 2);
    CHECK(shape->list->at(1).name == "two");
    CHECK(shape->numbers == whole().numbers);
    CHECK(shape->count == 7);
    CHECK(shape->flag == true);
    CHECK(shape->blob->bytes == "abc");
    CHECK(shape->inner->name == "in");
  }
}

TEST_CASE("XML has an element for each member, and names for elements of lists and maps") {
  CHECK(encode<kAll>(whole(), Form::kQuery) ==
        "<Number>0.1</Number><Time>2023-11-14T22:13:20.123Z</Time>"
        "<Map><entry><key>a&lt;b</key><value>&quot;x&quot;</value></entry>"
        "<entry><key>c</key><value></value></entry></Map>"
        "<List><member><Name>one</Name></member><member><Name>two</Name></member></List>"
        "<Numbers><member>1</member><member>-2.5</member></Numbers>"
        "<Count>7</Count><Flag>true</Flag><Blob>YWJj</Blob><Inner><Name>in</Name></Inner>");
}

TEST_CASE("XML escapes what has a meaning, and replaces what it cannot hold") {
  std::string out;
  append_xml_text(out, std::string_view("<a href=\"x\">&\r\n\t\0\x1f'\xc3\xa9", 21));

  CHECK(out == "&lt;a href=&quot;x&quot;&gt;&amp;&#xD;\n\t\xef\xbf\xbd\xef\xbf\xbd'\xc3\xa9");
}

TEST_CASE("a form has times, numbers and lists as texts") {
  const auto shape = decoded(
      "Number=1e3&Time=2023-11-14T22%3A13%3A20.123Z&Map.entry.1.key=k&Map.entry.1.value=v&"
      "List.member.1.Name=one&Numbers.member.1=1&Numbers.member.2=-2.5&Count=7&Flag=true&Blob=YWJj&"
      "Inner.Name=in",
      Form::kQuery);

  REQUIRE(shape);
  CHECK(shape->number == 1000);
  CHECK(shape->time == kTime);
  CHECK(shape->map->at("k") == "v");
  CHECK(shape->list->at(0).name == "one");
  CHECK(shape->numbers == std::vector<double>{1, -2.5});
  CHECK(shape->count == 7);
  CHECK(shape->flag == true);
  CHECK(shape->blob->bytes == "abc");
  CHECK(shape->inner->name == "in");
  CHECK(decoded("List=", Form::kQuery)->list->empty());
}

TEST_CASE("a text that is no number or time is refused in a form") {
  for (const std::string_view form :
       {"Number=x", "Number=", "Number=1x", "Count=1.5", "Count=", "Time=1700000000",
        "Time=", "Numbers.member.1=x", "List=x", "Inner=x", "Map=x", "Flag=maybe"}) {
    CAPTURE(form);
    const auto shape = decoded(form, Form::kQuery);
    REQUIRE_FALSE(shape);
    CHECK(shape.error().code == kSerialization);
  }
}

TEST_CASE("a number that JSON has none for is a text there") {
  Shape shape;
  shape.numbers = {std::numeric_limits<double>::infinity(),
                   -std::numeric_limits<double>::infinity(),
                   std::numeric_limits<double>::quiet_NaN()};
  const std::string body = encode<kAll>(shape, Form::kJson);

  CHECK(body == R"({"Numbers":["Infinity","-Infinity","NaN"]})");
  const auto read = decoded(body, Form::kJson);
  REQUIRE(read);
  CHECK(std::isinf(read->numbers->at(0)));
  CHECK(read->numbers->at(1) < 0);
  CHECK(std::isnan(read->numbers->at(2)));
  CHECK_FALSE(decoded(R"({"Number":"1"})", Form::kJson));
}

TEST_CASE("times are seconds, milliseconds or ISO 8601, by the form") {
  Shape shape;
  shape.time = kTime;

  CHECK(encode<kAll>(shape, Form::kJson) == R"({"Time":1700000000.123})");
  CHECK(decoded(R"({"Time":1700000000.123})", Form::kJson)->time == kTime);
  auto millis = parse_cbor(encode<kAll>(shape, Form::kCbor));
  CHECK(std::get<std::int64_t>(millis->find("Time")->held) == 1'700'000'000'123);
  auto seconds = parse_cbor(encode<kAll>(shape, Form::kRpcCbor));
  CHECK(std::get<double>(seconds->find("Time")->held) == 1'700'000'000.123);
  shape.time = time_from_millis(1'700'000'000'000);
  auto whole_seconds = parse_cbor(encode<kAll>(shape, Form::kRpcCbor));
  CHECK(std::get<std::int64_t>(whole_seconds->find("Time")->held) == 1'700'000'000);
}

TEST_CASE("an answer in a form that its service does not speak is empty") {
  CHECK(encode<kJsonAndCbor>(whole(), Form::kQuery).empty());
  CHECK(encode<kJsonAndCbor>(whole(), Form::kRpcCbor).empty());
}

}  // namespace millrace::api
