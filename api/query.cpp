#include "api/query.h"

#include <charconv>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <variant>

#include "api/errors.h"
#include "api/utf8.h"
#include "api/value.h"
#include "base/error.h"
#include "base/try.h"

namespace millrace::api {
namespace {

constexpr std::string_view kElement = "member";
constexpr std::string_view kEntry = "entry";

std::unexpected<Error> malformed(std::string why) { return fail(kMalformedQuery, std::move(why)); }

// A parameter, or the beginning of the names of several.
struct Node {
  std::optional<std::string> text;
  std::map<std::string, Node, std::less<>> below;
};

std::optional<std::string> decoded(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      out.push_back(text[i] == '+' ? ' ' : text[i]);
      continue;
    }
    std::uint8_t byte = 0;
    const std::string_view digits = text.substr(i + 1, 2);
    const auto parsed = std::from_chars(digits.data(), digits.data() + digits.size(), byte, 16);
    if (digits.size() != 2 || parsed.ec != std::errc{} ||
        parsed.ptr != digits.data() + digits.size()) {
      return std::nullopt;
    }
    out.push_back(static_cast<char>(byte));
    i += 2;
  }
  if (!is_utf8(out)) return std::nullopt;
  return out;
}

std::string joined(std::string_view name, std::string_view part) {
  std::string out(name);
  if (!out.empty()) out += '.';
  out += part;
  return out;
}

// Adds parameters to a tree of their names.
class Tree {
 public:
  Result<void> add(std::string_view parameter) {
    const std::size_t equals = parameter.find('=');
    auto name = decoded(parameter.substr(0, equals));
    auto text = equals == std::string_view::npos ? std::optional(std::string{})
                                                 : decoded(parameter.substr(equals + 1));
    if (!name || !text) return malformed("The query string contains a syntax error");
    if (++parameters_ > kParametersMax) return malformed("There are too many parameters");
    Node* node = find_or_add(*name);
    if (node == nullptr)
      return malformed("There are too many parameters, or names with too many dots");
    if (node->text) return malformed("The parameter " + *name + " is there twice");
    node->text = std::move(*text);
    return {};
  }

  // Everything that was added, as values.
  [[nodiscard]] Result<Value> take() { return value_of(root_, ""); }

 private:
  Node* find_or_add(std::string_view name) {
    Node* node = &root_;
    for (int depth = 0; depth < kDepthMax; ++depth) {
      const std::size_t dot = name.find('.');
      const auto [below, is_new] = node->below.try_emplace(std::string(name.substr(0, dot)));
      if (is_new && ++nodes_ > kValuesMax) return nullptr;
      node = &below->second;
      if (dot == std::string_view::npos) return node;
      name.remove_prefix(dot + 1);
    }
    return nullptr;
  }

  static Result<Value> value_of(Node& node, const std::string& name) {
    if (node.text && !node.below.empty()) {
      return malformed("The parameter " + name + " has a value and holds others");
    }
    if (node.text) return Value{std::move(*node.text)};
    if (node.below.size() == 1) {
      const std::string& only = node.below.begin()->first;
      if (only == kElement) return list_of(node.below.begin()->second, joined(name, only));
      if (only == kEntry) return map_of(node.below.begin()->second, joined(name, only));
    }
    ValueMap members;
    for (auto& [member, below] : node.below) {
      auto value = TRY(value_of(below, joined(name, member)));
      members.push_back({member, std::move(value)});
    }
    return Value{std::move(members)};
  }

  static Result<Value> list_of(Node& node, const std::string& name) {
    ValueList elements;
    const auto wrong = [&] {
      return malformed("The elements of " + name + " are not numbered from 1");
    };
    if (node.text) return wrong();
    for (std::size_t number = 1; number <= node.below.size(); ++number) {
      const std::string element = std::to_string(number);
      const auto found = node.below.find(element);
      if (found == node.below.end()) return wrong();
      auto value = TRY(value_of(found->second, joined(name, element)));
      elements.push_back(std::move(value));
    }
    return Value{std::move(elements)};
  }

  static Result<Value> map_of(Node& node, const std::string& name) {
    auto list = TRY(list_of(node, name));
    ValueMap entries;
    for (Value& element : std::get<ValueList>(list.held)) {
      Value* const key = element.find("key");
      Value* const value = element.find("value");
      auto* const text = key != nullptr ? std::get_if<std::string>(&key->held) : nullptr;
      if (text == nullptr || value == nullptr) {
        return malformed("An entry of " + name + " has no key or no value");
      }
      entries.push_back({std::move(*text), std::move(*value)});
    }
    return Value{std::move(entries)};
  }

  Node root_;
  std::size_t parameters_ = 0;
  std::size_t nodes_ = 0;
};

}  // namespace

Result<Value> parse_query(std::string_view form) {
  Tree tree;
  while (!form.empty()) {
    const std::size_t end = form.find('&');
    const std::string_view parameter = form.substr(0, end);
    if (!parameter.empty()) {
      TRY(tree.add(parameter));
    }
    form.remove_prefix(end == std::string_view::npos ? form.size() : end + 1);
  }
  auto value = tree.take();
  if (value && !std::holds_alternative<ValueMap>(value->held)) {
    return malformed("The query string contains a syntax error");
  }
  return value;
}

}  // namespace millrace::api
