// Forms from a client: bounded, and what is read is read the same again once it is written.

#include "api/query.h"

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>
#include <variant>

#include "api/errors.h"
#include "api/value.h"
#include "base/bytes.h"
#include "tests/fuzz/fuzz.h"

namespace millrace::fuzz {
namespace {

void append_encoded(std::string& out, std::string_view text) {
  for (const char c : text) {
    out += '%';
    out += to_hex(std::string_view(&c, 1));
  }
}

bool write_members(std::string& out, const std::string& prefix, const api::ValueMap& map);

// Writes `value` as the parameter `name`, or those whose names begin with it. Returns false for
// what a form cannot say: a list or structure without anything in it.
bool write(std::string& out, const std::string& name, const api::Value& value) {
  if (const auto* text = std::get_if<std::string>(&value.held)) {
    append_encoded(out, name);
    out += '=';
    append_encoded(out, *text);
    out += '&';
    return true;
  }
  if (const auto* list = std::get_if<api::ValueList>(&value.held)) {
    std::size_t number = 0;
    for (const api::Value& element : *list) {
      if (!write(out, name + ".member." + std::to_string(++number), element)) return false;
    }
    return !list->empty();
  }
  return write_members(out, name + ".", std::get<api::ValueMap>(value.held));
}

// A map is read as one only by its entries: as a structure it is the same tree. A member's name may
// be empty.
bool write_members(std::string& out, const std::string& prefix, const api::ValueMap& map) {
  for (const auto& [key, member] : map) {
    if (key.find('.') != std::string::npos || key == "member" || key == "entry") return false;
    if (!write(out, prefix + key, member)) return false;
  }
  return !map.empty();
}

bool is_same(const api::Value& a, const api::Value& b) {
  if (a.held.index() != b.held.index()) return false;
  if (const auto* text = std::get_if<std::string>(&a.held)) {
    return *text == std::get<std::string>(b.held);
  }
  if (const auto* list = std::get_if<api::ValueList>(&a.held)) {
    const auto& other = std::get<api::ValueList>(b.held);
    return std::ranges::equal(*list, other, is_same);
  }
  // Entries of a map keep their order, members of a structure have that of their names.
  const auto& map = std::get<api::ValueMap>(a.held);
  const auto& other = std::get<api::ValueMap>(b.held);
  return map.size() == other.size() && std::ranges::all_of(map, [&](const auto& member) {
           const auto found = std::ranges::find(other, member.key, &api::ValueMember::key);
           return found != other.end() && is_same(member.value, found->value);
         });
}

}  // namespace

void run(std::string_view input) {
  const auto value = api::parse_query(input);
  if (!value) {
    require(value.error().code == api::kMalformedQuery && !value.error().message.empty());
    return;
  }
  require(std::holds_alternative<api::ValueMap>(value->held));
  std::string text;
  if (!write_members(text, "", std::get<api::ValueMap>(value->held))) return;
  const auto again = api::parse_query(text);
  // Keys of a map may stand there twice; as members of a structure they may not.
  if (again) require(is_same(*value, *again));
}

}  // namespace millrace::fuzz
