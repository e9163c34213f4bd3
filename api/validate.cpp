#include "api/validate.h"

#include <algorithm>
#include <cctype>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

#include "api/errors.h"
#include "api/field.h"
#include "api/utf8.h"
#include "api/value.h"
#include "base/error.h"

namespace millrace::api {
namespace {

std::string length_at_least(std::int64_t min) {
  return "Member must have length greater than or equal to " + std::to_string(min);
}

std::string shown_list(const ValueList& list) {
  std::string text = "[";
  for (std::size_t i = 0; i < list.size(); ++i) {
    if (i > 0) text += ", ";
    const auto* element = std::get_if<std::string>(&list[i].held);
    text += element != nullptr ? *element : "null";
  }
  return text + "]";
}

std::string shown_map(const ValueMap& map) {
  std::string text = "{";
  for (std::size_t i = 0; i < map.size(); ++i) {
    if (i > 0) text += ", ";
    const auto* value = std::get_if<std::string>(&map[i].value.held);
    text += map[i].key + "=" + (value != nullptr ? *value : "null");
  }
  return text + "}";
}

std::string quoted(const std::string& text) { return "'" + text + "'"; }

std::string joined(std::span<const std::string_view> values) {
  std::string text;
  for (const std::string_view value : values) {
    if (!text.empty()) text += ", ";
    text += value;
  }
  return text;
}

bool is_within(std::string_view text, const Bounds& bounds) {
  const auto length = static_cast<std::int64_t>(utf16_length(text));
  return length >= bounds.min && length <= bounds.max;
}

// The rules themselves, asked by the messages and by those who only want to know.
bool matches_pattern(const Constraints& constraints, std::string_view text) {
  return constraints.pattern == nullptr || constraints.pattern->matches(text);
}
bool is_in_enum(const Constraints& constraints, std::string_view text) {
  const auto& allowed = constraints.enum_values;
  return allowed.empty() || std::ranges::find(allowed, text) != allowed.end();
}
bool is_at_least(std::int64_t number, const std::optional<std::int64_t>& min) {
  return !min || number >= *min;
}
bool is_at_most(std::int64_t number, const std::optional<std::int64_t>& max) {
  return !max || number <= *max;
}

std::string in_enum(std::span<const std::string_view> values) {
  return "Member must satisfy enum value set: [" + joined(values) + "]";
}

std::string both_bounds(const Bounds& bounds) {
  return "[" + length_at_most(bounds.max) + ", " + length_at_least(bounds.min) + "]";
}

}  // namespace

std::string length_at_most(std::int64_t max) {
  return "Member must have length less than or equal to " + std::to_string(max);
}

std::string member_name(std::string_view name) {
  std::string text(name);
  text[0] = static_cast<char>(std::tolower(static_cast<unsigned char>(text[0])));
  return text;
}

std::unexpected<Error> type_failure(std::string message) {
  return fail(kSerialization, std::move(message));
}

void Violations::add(std::string_view shown, const std::string& path, std::string_view constraint) {
  if (is_full()) return;
  const std::string value = shown.empty() ? "Value" : "Value " + std::string(shown);
  texts_.push_back(value + " at '" + path +
                   "' failed to satisfy constraint: " + std::string(constraint));
}

void Violations::add_missing(const std::string& path) {
  add("null", path, "Member must not be null");
}

void Violations::check_length(std::size_t length, const std::string& shown, const std::string& path,
                              const Constraints& constraints) {
  const auto count = static_cast<std::int64_t>(length);
  if (!is_at_least(count, constraints.length_min)) {
    add(shown, path, length_at_least(*constraints.length_min));
  }
  if (!is_at_most(count, constraints.length_max)) {
    add(shown, path, length_at_most(*constraints.length_max));
  }
}

void Violations::check_text(const std::string& text, const std::string& path,
                            const Constraints& constraints) {
  const std::string shown = quoted(text);
  if (!matches_pattern(constraints, text)) {
    add(shown, path,
        "Member must satisfy regular expression pattern: " +
            std::string(constraints.pattern->text));
  }
  if (!is_in_enum(constraints, text)) add(shown, path, in_enum(constraints.enum_values));
  check_length(utf16_length(text), shown, path, constraints);
}

void Violations::check_list(const ValueList& list, const std::string& shown,
                            const std::string& path, const Constraints& constraints) {
  check_length(list.size(), shown, path, constraints);
  const auto all = [&](auto test) {
    return std::ranges::all_of(list, [&](const Value& element) {
      const auto* text = std::get_if<std::string>(&element.held);
      return text == nullptr || test(*text);
    });
  };
  const auto& length = constraints.element_length;
  if (length && !all([&](const std::string& text) { return is_within(text, *length); })) {
    add(shown, path, "Member must satisfy constraint: " + both_bounds(*length));
  }
  const auto& allowed = constraints.element_enum_values;
  if (!allowed.empty() && !all([&](const std::string& text) {
        return std::ranges::find(allowed, text) != allowed.end();
      })) {
    add(shown, path, "Member must satisfy constraint: [" + in_enum(allowed) + "]");
  }
}

void Violations::check_map(const ValueMap& map, const std::string& shown, const std::string& path,
                           const Constraints& constraints) {
  check_length(map.size(), shown, path, constraints);
  const bool keys_fit = !constraints.key_length || std::ranges::all_of(map, [&](const auto& entry) {
    return is_within(entry.key, *constraints.key_length);
  });
  if (!keys_fit) {
    add(shown, path, "Map keys must satisfy constraint: " + both_bounds(*constraints.key_length));
  }
  const bool values_fit =
      !constraints.map_value_length || std::ranges::all_of(map, [&](const auto& entry) {
        const auto* text = std::get_if<std::string>(&entry.value.held);
        return text == nullptr || is_within(*text, *constraints.map_value_length);
      });
  if (!values_fit) {
    add(shown, path,
        "Map value must satisfy constraint: " + both_bounds(*constraints.map_value_length));
  }
}

void Violations::check(const Value& value, const std::string& path,
                       const Constraints& constraints) {
  if (const auto* text = std::get_if<std::string>(&value.held)) {
    return check_text(*text, path, constraints);
  }
  if (const auto* number = std::get_if<std::int64_t>(&value.held)) {
    const std::string shown = quoted(std::to_string(*number));
    if (!is_at_least(*number, constraints.value_min)) {
      add(shown, path,
          "Member must have value greater than or equal to " +
              std::to_string(*constraints.value_min));
    }
    if (!is_at_most(*number, constraints.value_max)) {
      add(shown, path,
          "Member must have value less than or equal to " + std::to_string(*constraints.value_max));
    }
    return;
  }
  if (const auto* bytes = std::get_if<Bytes>(&value.held)) {
    return check_length(bytes->bytes.size(), std::string(kNotShown), path, constraints);
  }
  const auto* list = std::get_if<ValueList>(&value.held);
  const auto* map = std::get_if<ValueMap>(&value.held);
  if (list != nullptr) {
    // Only a message needs the text, and of a long list it is long.
    Violations probe;
    probe.check_list(*list, "", path, constraints);
    if (probe.is_empty()) return;
    check_list(*list, quoted(shown_list(*list)), path, constraints);
  } else if (map != nullptr) {
    check_map(*map, quoted(shown_map(*map)), path, constraints);
  }
}

void Violations::check_structures(const ValueList& list, const std::string& path,
                                  const Constraints& constraints) {
  check_length(list.size(), std::string(kNotShown), path, constraints);
}

bool is_length_satisfied(const Constraints& constraints, std::size_t length) {
  const auto count = static_cast<std::int64_t>(length);
  return is_at_least(count, constraints.length_min) && is_at_most(count, constraints.length_max);
}

bool is_satisfied(const Constraints& constraints, std::string_view text) {
  return matches_pattern(constraints, text) && is_in_enum(constraints, text) &&
         is_length_satisfied(constraints, utf16_length(text));
}

bool is_satisfied(const Constraints& constraints, std::int64_t number) {
  return is_at_least(number, constraints.value_min) && is_at_most(number, constraints.value_max);
}

Error Violations::to_error() const {
  std::string message = std::to_string(texts_.size());
  message += texts_.size() == 1 ? " validation error detected: " : " validation errors detected: ";
  for (std::size_t i = 0; i < texts_.size(); ++i) {
    if (i > 0) message += "; ";
    message += texts_[i];
  }
  return {kValidation, std::move(message)};
}

}  // namespace millrace::api
