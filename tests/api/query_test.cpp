#include "api/query.h"

#include <cstddef>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include <doctest/doctest.h>

#include "api/errors.h"
#include "api/value.h"

namespace millrace::api {
namespace {

std::string shown(const Value& value) {
  if (const auto* list = std::get_if<ValueList>(&value.held)) {
    std::string out = "[";
    for (const Value& element : *list) out += shown(element) + ",";
    return out + "]";
  }
  if (const auto* map = std::get_if<ValueMap>(&value.held)) {
    std::string out = "{";
    for (const auto& [key, member] : *map) out += key + ":" + shown(member) + ",";
    return out + "}";
  }
  return "'" + std::get<std::string>(value.held) + "'";
}

std::string read(std::string_view form) {
  const auto value = parse_query(form);
  if (value) return shown(*value);
  CHECK(value.error().code == kMalformedQuery);
  return value.error().message;
}

}  // namespace

TEST_CASE("parameters become structures, lists and maps by their names") {
  struct Row {
    std::string_view form;
    std::string_view expected;
  };
  for (const Row& row :
       std::vector<Row>{{"", "{}"},
                        {"&&", "{}"},
                        {"Action=A&Version=2011-06-15", "{Action:'A',Version:'2011-06-15',}"},
                        {"Flag", "{Flag:'',}"},
                        {"a=1=2", "{a:'1=2',}"},
                        {"a=b+c%20d%2Be", "{a:'b c d+e',}"},
                        {"%61=%c3%A9", "{a:'\xc3\xa9',}"},
                        {"L.member.2=b&L.member.1=a", "{L:['a','b',],}"},
                        {"L.member.1.K=a&L.member.1.V=b", "{L:[{K:'a',V:'b',},],}"},
                        {"M.entry.1.key=k&M.entry.1.value=v", "{M:{k:'v',},}"},
                        {"S.A.B=c", "{S:{A:{B:'c',},},}"}}) {
    CAPTURE(row.form);
    CHECK(read(row.form) == row.expected);
  }
}

TEST_CASE("what cannot be read is refused with its reason") {
  struct Row {
    std::string_view form;
    std::string_view reason;
  };
  for (const Row& row :
       std::vector<Row>{{"a=%", "syntax error"},
                        {"a=%4", "syntax error"},
                        {"a=%zz", "syntax error"},
                        {"a=%+1", "syntax error"},
                        {"%ff=1", "syntax error"},
                        {"a=%c3%28", "syntax error"},
                        {"a=1&a=1", "The parameter a is there twice"},
                        {"a=1&%61=2", "The parameter a is there twice"},
                        {"a=1&a.b=2", "The parameter a has a value and holds others"},
                        {"L.member.2=b", "of L.member are not numbered from 1"},
                        {"L.member.01=b", "of L.member are not numbered from 1"},
                        {"L.member.x=b", "of L.member are not numbered from 1"},
                        {"L.member=b", "of L.member are not numbered from 1"},
                        {"M.entry.1.key=k", "has no key or no value"},
                        {"M.entry.1=k", "has no key or no value"}}) {
    CAPTURE(row.form);
    CHECK(read(row.form).find(row.reason) != std::string::npos);
  }
}

TEST_CASE("names with as many dots as a body may be deep are read, with more they are refused") {
  const auto deep = [](int names) {
    std::string name = "a";
    for (int i = 1; i < names; ++i) name += ".a";
    return read(name + "=1");
  };

  CHECK(deep(kDepthMax).starts_with("{a:{a:"));
  CHECK(deep(kDepthMax + 1).find("too many dots") != std::string::npos);
}

TEST_CASE("so many parameters are read, and no more") {
  std::string form;
  for (std::size_t i = 0; i < kParametersMax; ++i) form += "p" + std::to_string(i) + "=&";

  CHECK(read(form).starts_with("{p0:'',"));
  CHECK(read(form + "q=") == "There are too many parameters");
}

}  // namespace millrace::api
