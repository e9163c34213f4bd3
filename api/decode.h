// From a decoded body to a Request: types first, then constraints, as the service does.

#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include "api/field.h"
#include "api/validate.h"
#include "api/value.h"
#include "base/error.h"
#include "base/time_point.h"

namespace millrace::api {

// One per type of the model. Each turns `value`, which is not null, into what the type holds, or
// returns the service's text for why it cannot.
namespace convert {

using Failure = std::optional<std::string>;

Failure to_string(Value& value);
Failure to_integer(Value& value, Form form);  // Floored, clamped to 32 bits.
Failure to_long(Value& value, Form form);
Failure to_double(Value& value, Form form);
Failure to_boolean(Value& value);
Failure to_blob(Value& value);
Failure to_timestamp(Value& value, Form form);  // Milliseconds.
Failure to_list(Value& value, Form form);
Failure to_map(const Value& value);
Failure to_structure(const Value& value);

}  // namespace convert

template <class T>
convert::Failure check_types(Value& value, Form form);

// Members in the order of the table; the first failure counts.
template <Structure T>
convert::Failure check_member_types(Value& value, Form form) {
  convert::Failure failure;
  T shape{};
  for_each_field(shape, [&]<class Entry, class Member>(const Entry& entry, Member&) {
    if (Value* member = value.find(entry.name)) failure = check_types<Member>(*member, form);
    return !failure;
  });
  return failure;
}

template <class T>
convert::Failure check_types(Value& value, Form form) {
  if constexpr (IsOptional<T>::value) {
    return check_types<typename T::value_type>(value, form);
  } else if constexpr (std::is_same_v<T, std::string> || std::is_same_v<T, std::string_view>) {
    return convert::to_string(value);
  } else if constexpr (std::is_same_v<T, std::int32_t>) {
    return convert::to_integer(value, form);
  } else if constexpr (std::is_same_v<T, std::int64_t>) {
    return convert::to_long(value, form);
  } else if constexpr (std::is_same_v<T, double>) {
    return convert::to_double(value, form);
  } else if constexpr (std::is_same_v<T, bool>) {
    return convert::to_boolean(value);
  } else if constexpr (std::is_same_v<T, Blob> || std::is_same_v<T, BlobView>) {
    return convert::to_blob(value);
  } else if constexpr (std::is_same_v<T, TimePoint>) {
    return convert::to_timestamp(value, form);
  } else if constexpr (MapOfStrings<T>) {
    if (auto failure = convert::to_map(value)) return failure;
    for (auto& [key, item] : std::get<ValueMap>(value.held)) {
      if (item.is_null()) continue;
      if (auto failure = check_types<typename T::mapped_type>(item, form)) return failure;
    }
    return std::nullopt;
  } else if constexpr (IsVector<T>::value) {
    if (auto failure = convert::to_list(value, form)) return failure;
    for (Value& item : std::get<ValueList>(value.held)) {
      if (item.is_null()) continue;
      if (auto failure = check_types<typename T::value_type>(item, form)) return failure;
    }
    return std::nullopt;
  } else {
    static_assert(Structure<T>);
    if (auto failure = convert::to_structure(value)) return failure;
    return check_member_types<T>(value, form);
  }
}

// Moves what `value` holds into `out`, or points there into `value`. Types have been checked.
template <class T>
void fill(T& out, Value& value) {
  if constexpr (IsOptional<T>::value) {
    fill(out.emplace(), value);
  } else if constexpr (std::is_same_v<T, std::string>) {
    if (auto* text = std::get_if<std::string>(&value.held)) out = std::move(*text);
  } else if constexpr (std::is_same_v<T, std::string_view>) {
    if (auto* text = std::get_if<std::string>(&value.held)) out = *text;
  } else if constexpr (std::is_same_v<T, std::int32_t>) {
    out = static_cast<std::int32_t>(std::get<std::int64_t>(value.held));
  } else if constexpr (std::is_same_v<T, std::int64_t>) {
    out = std::get<std::int64_t>(value.held);
  } else if constexpr (std::is_same_v<T, double>) {
    out = std::get<double>(value.held);
  } else if constexpr (std::is_same_v<T, bool>) {
    out = std::get<bool>(value.held);
  } else if constexpr (std::is_same_v<T, Blob>) {
    out.bytes = std::move(std::get<Bytes>(value.held).bytes);
  } else if constexpr (std::is_same_v<T, BlobView>) {
    out.bytes = std::get<Bytes>(value.held).bytes;
  } else if constexpr (std::is_same_v<T, TimePoint>) {
    out = time_from_millis(std::get<std::int64_t>(value.held));
  } else if constexpr (MapOfStrings<T>) {
    for (auto& [key, item] : std::get<ValueMap>(value.held)) {
      typename T::mapped_type mapped{};
      if (!item.is_null()) fill(mapped, item);
      out.insert_or_assign(key, std::move(mapped));
    }
  } else if constexpr (IsVector<T>::value) {
    auto& list = std::get<ValueList>(value.held);
    out.resize(list.size());
    for (std::size_t i = 0; i < list.size(); ++i) {
      if (!list[i].is_null()) fill(out[i], list[i]);
    }
  } else {
    for_each_field(out, [&](const auto& entry, auto& member) {
      if (Value* found = value.find(entry.name)) fill(member, *found);
      return true;
    });
  }
}

template <class T>
concept ListOfStructures = IsVector<T>::value && Structure<typename T::value_type>;

// Checks the members of a structure against the table. `path` ends in a dot or is empty.
template <Structure T>
void check_constraints(Value& value, const std::string& path, Violations& violations) {
  T shape{};
  for_each_field(shape, [&]<class Entry, class Member>(const Entry& entry, Member&) {
    Value* found = value.find(entry.name);
    const std::string member_path = path + member_name(entry.name);
    if (found == nullptr) {
      const std::string_view other = entry.constraints.required_without;
      const bool is_missing =
          entry.constraints.is_required || (!other.empty() && value.find(other) == nullptr);
      if (is_missing) violations.add_missing(member_path);
      return !violations.is_full();
    }
    using Bare = typename std::conditional_t<IsOptional<Member>::value, Member,
                                             std::optional<Member>>::value_type;
    if constexpr (ListOfStructures<Bare>) {
      auto& list = std::get<ValueList>(found->held);
      violations.check_structures(list, member_path, entry.constraints);
      for (std::size_t i = 0; i < list.size() && !violations.is_full(); ++i) {
        check_constraints<typename Bare::value_type>(
            list[i], member_path + "." + std::to_string(i + 1) + ".member.", violations);
      }
    } else {
      violations.check(*found, member_path, entry.constraints);
      if constexpr (Structure<Bare>) {
        check_constraints<Bare>(*found, member_path + ".", violations);
      }
    }
    return !violations.is_full();
  });
}

// Decodes and validates. A Request with views points into `body`. Errors: kSerialization, then
// kValidation.
template <Structure T>
Result<T> decode(Value& body, Form form) {
  if (auto failure = check_member_types<T>(body, form)) return type_failure(std::move(*failure));
  Violations violations;
  check_constraints<T>(body, "", violations);
  if (!violations.is_empty()) return std::unexpected(violations.to_error());
  T request{};
  fill(request, body);
  return request;
}

}  // namespace millrace::api
