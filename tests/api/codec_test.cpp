#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include <doctest/doctest.h>
#include <rapidcheck.h>

#include "api/cbor.h"
#include "api/json.h"
#include "api/utf8.h"
#include "api/value.h"
#include "base/time_point.h"

namespace millrace::api {
namespace {

std::string bytes(std::initializer_list<int> values) {
  std::string out;
  for (const int value : values) out.push_back(static_cast<char>(value));
  return out;
}

// One text for a value, whatever form it came in.
std::string shown(const Value& value) {
  struct Shower {
    std::string operator()(std::monostate) const { return "null"; }
    std::string operator()(bool b) const { return b ? "true" : "false"; }
    std::string operator()(std::int64_t n) const { return std::to_string(n); }
    std::string operator()(double d) const { return std::to_string(d); }
    std::string operator()(const std::string& s) const { return "'" + s + "'"; }
    std::string operator()(const Bytes& b) const { return "<" + b.bytes + ">"; }
    std::string operator()(const ValueList& list) const {
      std::string out = "[";
      for (const Value& item : list) out += shown(item) + ",";
      return out + "]";
    }
    std::string operator()(const ValueMap& map) const {
      std::string out = "{";
      for (const auto& [key, item] : map) out += key + ":" + shown(item) + ",";
      return out + "}";
    }
  };
  return std::visit(Shower{}, value.held);
}

}  // namespace

TEST_CASE("JSON is read as it is written") {
  struct Row {
    const char* text;
    const char* expected;
  };
  for (const Row& row : std::vector<Row>{
           {R"({"a":1,"b":[true,null,"x"],"c":{"d":-2}})", "{a:1,b:[true,null,'x',],c:{d:-2,},}"},
           {R"("\u00e9\n")", "'\xc3\xa9\n'"},
           {"9223372036854775807", "9223372036854775807"},
           {"9223372036854775808", "9223372036854775808.000000"},
           {"1.5", "1.500000"}}) {
    CAPTURE(row.text);
    const auto value = parse_json(row.text);
    REQUIRE(value);
    CHECK(shown(*value) == row.expected);
  }
}

TEST_CASE("what is not exactly one JSON value is refused") {
  for (const std::string text :
       {"", "{", "{}x", "{} {}", "\xef\xbb\xbf{}", "{'a':1}", "[1,]", "nul", "\"\xff\"",
        "\"\xed\xa0\x80\"", "{\"a\":1,}", "01", "/**/{}"}) {
    CAPTURE(text);
    CHECK_FALSE(parse_json(text));
  }
}

TEST_CASE("of two members with one name the last one counts") {
  auto value = parse_json(R"({"a":1,"a":2,"b":1,"b":null})");

  REQUIRE(value);
  CHECK(std::get<std::int64_t>(value->find("a")->held) == 2);
  CHECK(value->find("b") == nullptr);
}

TEST_CASE("depth is bounded at exactly 32, in both forms") {
  const auto json_nested = [](int depth) {
    return std::string(static_cast<std::size_t>(depth), '[') +
           std::string(static_cast<std::size_t>(depth), ']');
  };
  const auto cbor_nested = [](int depth) {
    return std::string(static_cast<std::size_t>(depth), '\x81') + '\0';
  };

  CHECK(parse_json(json_nested(kDepthMax)));
  CHECK_FALSE(parse_json(json_nested(kDepthMax + 1)));
  CHECK_FALSE(parse_json(std::string(100'000, '[')));
  CHECK_FALSE(parse_json(json_nested(100'000)));
  CHECK(parse_cbor(cbor_nested(kDepthMax)));
  CHECK_FALSE(parse_cbor(cbor_nested(kDepthMax + 1)));
  CHECK_FALSE(parse_cbor(std::string(100'000, '\x81')));
  CHECK_FALSE(parse_cbor(std::string(100'000, '\xc1')));
}

TEST_CASE("the number of values is bounded") {
  std::string text = "[0";
  for (std::size_t i = 2; i < kValuesMax; ++i) text += ",0";
  CHECK(parse_json(text + "]"));
  CHECK_FALSE(parse_json(text + ",0]"));
  CHECK_FALSE(parse_cbor(bytes({0x9f}) + std::string(kValuesMax, '\x80') + bytes({0xff})));
}

TEST_CASE("CBOR of RFC 8949's examples is read") {
  struct Row {
    std::string bytes;
    const char* expected;
  };
  for (const Row& row : std::vector<Row>{
           {bytes({0x18, 0x64}), "100"},
           {bytes({0x1b, 0, 0, 0, 0xe8, 0xd4, 0xa5, 0x10, 0}), "1000000000000"},
           {bytes({0x38, 0x63}), "-100"},
           {bytes({0xf9, 0x3e, 0}), "1.500000"},
           {bytes({0xfa, 0x47, 0xc3, 0x50, 0}), "100000.000000"},
           {bytes({0xfb, 0x3f, 0xf1, 0x99, 0x99, 0x99, 0x99, 0x99, 0x9a}), "1.100000"},
           {bytes({0xf5}), "true"},
           {bytes({0xf6}), "null"},
           {bytes({0xf7}), "null"},
           {bytes({0x44, 1, 2, 3, 4}), "<\1\2\3\4>"},
           {bytes({0x62, 'h', 'i'}), "'hi'"},
           {bytes({0xa2, 0x61, 'a', 1, 0x61, 'b', 0x82, 2, 3}), "{a:1,b:[2,3,],}"},
           {bytes({0xbf, 0x61, 'a', 0x9f, 1, 2, 0xff, 0xff}), "{a:[1,2,],}"},
           {bytes({0x7f, 0x61, 'a', 0x61, 'b', 0xff}), "'ab'"},
           {bytes({0x5f, 0x41, 'a', 0x41, 'b', 0xff}), "<ab>"},
           {bytes({0xc1, 0x1b, 0, 0, 1, 0xa0, 0, 0x8d, 0x4c, 0x38}), "1786715655224"},
       }) {
    CAPTURE(row.expected);
    const auto value = parse_cbor(row.bytes);
    REQUIRE(value);
    CHECK(shown(*value) == row.expected);
  }
}

TEST_CASE("broken CBOR is refused before anything is allocated for it") {
  for (const std::string& text : std::vector<std::string>{
           "",
           bytes({0x62, 'h'}),
           bytes({0x9b, 0x10, 0, 0, 0, 0, 0, 0, 0}),  // An array of 2^60 items.
           bytes({0x5b, 0, 0, 0, 0, 0x80, 0, 0, 0}),  // 2 GiB of bytes.
           bytes({0xbb, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff}),
           bytes({0xa1, 0x01, 0x01}),  // A key that is no text.
           bytes({0xa1, 0x61, 'a'}),
           bytes({0x01, 0x01}),  // Something behind the item.
           bytes({0x1c}),
           bytes({0xff}),
           bytes({0x7f, 0x41, 'a', 0xff}),  // Bytes inside a text.
           bytes({0x7f, 0x7f, 0xff, 0xff}),
           bytes({0x61, 0xff}),  // No UTF-8.
           bytes({0xf8, 0x20}),
           bytes({0xdf, 0x01}),
       }) {
    CHECK_FALSE(parse_cbor(text));
  }
}

TEST_CASE("what is written is read back, in both forms") {
  CHECK(rc::check([](const std::string& raw, std::int64_t number, bool flag) {
    const std::string text = is_utf8(raw) ? raw : "plain";
    const auto write = [&](auto writer) {
      writer.begin_map(4);
      writer.key("text");
      writer.string(text);
      writer.key("number");
      writer.integer(number);
      writer.key("list");
      writer.begin_list(2);
      writer.boolean(flag);
      writer.integer(number);
      writer.end_list();
      writer.key("map");
      writer.begin_map(0);
      writer.end_map();
      writer.end_map();
    };
    std::string json;
    write(JsonWriter(json));
    std::string cbor;
    write(CborWriter(cbor));
    const auto from_json = parse_json(json);
    const auto from_cbor = parse_cbor(cbor);
    RC_ASSERT(from_json.has_value());
    RC_ASSERT(from_cbor.has_value());
    RC_ASSERT(shown(*from_json) == shown(*from_cbor));
    RC_ASSERT(shown(*from_json).find("text:'" + text + "'") != std::string::npos);
  }));
}

TEST_CASE("timestamps: seconds with three decimals in JSON, tag 1 and milliseconds in CBOR") {
  const auto json = [](std::int64_t millis) {
    std::string out;
    JsonWriter(out).timestamp(time_from_millis(millis));
    return out;
  };
  std::string cbor;
  CborWriter(cbor).timestamp(time_from_millis(1'786'715'655'224));

  CHECK(json(1'700'000'000'000) == "1700000000");
  CHECK(json(1'700'000'000'007) == "1700000000.007");
  CHECK(json(1'700'000'000'120) == "1700000000.120");
  CHECK(cbor == bytes({0xc1, 0x1b, 0, 0, 1, 0xa0, 0, 0x8d, 0x4c, 0x38}));
}

TEST_CASE("lengths count UTF-16 units, as the service counts") {
  CHECK(utf16_length("abc") == 3);
  CHECK(utf16_length("\xc3\xa9") == 1);
  CHECK(utf16_length("\xe2\x82\xac") == 1);
  CHECK(utf16_length("\xf0\x9f\x98\x80") == 2);
}

TEST_CASE("UTF-8 is RFC 3629's") {
  for (const char* good : {"", "a", "\xc2\x80", "\xef\xbf\xbf", "\xf4\x8f\xbf\xbf"})
    CHECK(is_utf8(good));
  for (const char* bad : {"\x80", "\xc1\x80", "\xe0\x80\x80", "\xed\xa0\x80", "\xf4\x90\x80\x80",
                          "\xf5\x80\x80\x80", "\xc2", "\xe2\x82"}) {
    CHECK_FALSE(is_utf8(bad));
  }
}

}  // namespace millrace::api
