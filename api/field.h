// The field table: one declaration of a member that decodes, validates and encodes it.
//
//   static constexpr auto fields = std::tuple{
//       field("Limit", &Request::limit).range(1, 10000),
//       flatten(&Request::stream),
//   };
//
// The order is that in which the service checks the members. What a member's C++ type means:
//
//   std::string, std::string_view String      std::vector<T>             list
//   std::int32_t, std::int64_t    Integer, Long  std::map<std::string, T>  map
//   double                        Double      a struct with `fields`     structure
//   bool                          Boolean     TimePoint                  Timestamp
//   Blob, BlobView                Blob        std::optional<T>           T, may be absent

#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <vector>

namespace millrace::api {

// Bytes that are base64 in JSON and a byte string in CBOR.
struct Blob {
  std::string bytes;
};
struct BlobView {
  std::string_view bytes;
};

// A pattern of the service's model: its text for messages, and a function that is equal to it.
struct Pattern {
  std::string_view text;
  bool (*matches)(std::string_view);
};

struct Bounds {
  std::int64_t min = 0;
  std::int64_t max = 0;
};

// What the table says of a member besides its type. Absent bounds are not checked.
struct Constraints {
  bool is_required = false;
  std::string_view required_without;  // Required unless the member of this name is given.
  const Pattern* pattern = nullptr;
  std::span<const std::string_view> enum_values;
  std::optional<std::int64_t> length_min;
  std::optional<std::int64_t> length_max;
  std::optional<std::int64_t> value_min;
  std::optional<std::int64_t> value_max;
  std::optional<Bounds> element_length;                   // Of each string in a list.
  std::span<const std::string_view> element_enum_values;  // Of each string in a list.
  std::optional<Bounds> key_length;                       // Of each key of a map.
  std::optional<Bounds> map_value_length;
};

template <class Struct, class Member>
struct Field {
  std::string_view name;
  Member Struct::* member;
  Constraints constraints;

  [[nodiscard]] constexpr Field required() const {
    Field copy = *this;
    copy.constraints.is_required = true;
    return copy;
  }
  [[nodiscard]] constexpr Field required_without(std::string_view other) const {
    Field copy = *this;
    copy.constraints.required_without = other;
    return copy;
  }
  [[nodiscard]] constexpr Field matching(const Pattern& pattern) const {
    Field copy = *this;
    copy.constraints.pattern = &pattern;
    return copy;
  }
  [[nodiscard]] constexpr Field one_of(std::span<const std::string_view> values) const {
    Field copy = *this;
    copy.constraints.enum_values = values;
    return copy;
  }
  // Characters of a string, bytes of a blob, elements of a list or map; inclusive.
  [[nodiscard]] constexpr Field length(std::int64_t min, std::int64_t max) const {
    Field copy = *this;
    copy.constraints.length_min = min;
    copy.constraints.length_max = max;
    return copy;
  }
  [[nodiscard]] constexpr Field length_at_least(std::int64_t min) const {
    Field copy = *this;
    copy.constraints.length_min = min;
    return copy;
  }
  [[nodiscard]] constexpr Field at_least(std::int64_t min) const {
    Field copy = *this;
    copy.constraints.value_min = min;
    return copy;
  }
  [[nodiscard]] constexpr Field range(std::int64_t min, std::int64_t max) const {
    Field copy = at_least(min);
    copy.constraints.value_max = max;
    return copy;
  }
  [[nodiscard]] constexpr Field elements(std::int64_t min, std::int64_t max) const {
    Field copy = *this;
    copy.constraints.element_length = Bounds{min, max};
    return copy;
  }
  [[nodiscard]] constexpr Field elements_one_of(std::span<const std::string_view> values) const {
    Field copy = *this;
    copy.constraints.element_enum_values = values;
    return copy;
  }
  [[nodiscard]] constexpr Field keys(std::int64_t min, std::int64_t max) const {
    Field copy = *this;
    copy.constraints.key_length = Bounds{min, max};
    return copy;
  }
  [[nodiscard]] constexpr Field values(std::int64_t min, std::int64_t max) const {
    Field copy = *this;
    copy.constraints.map_value_length = Bounds{min, max};
    return copy;
  }
};

template <class Struct, class Member>
constexpr Field<Struct, Member> field(std::string_view name, Member Struct::* member) {
  return {name, member, {}};
}

// Members of a struct that stand in the enclosing structure itself.
template <class Struct, class Member>
struct Flattened {
  Member Struct::* member;
};

template <class Struct, class Member>
constexpr Flattened<Struct, Member> flatten(Member Struct::* member) {
  return {member};
}

template <class T>
concept Structure = requires { T::fields; };

template <class T>
struct IsOptional : std::false_type {};
template <class T>
struct IsOptional<std::optional<T>> : std::true_type {};

template <class T>
struct IsVector : std::false_type {};
template <class T>
struct IsVector<std::vector<T>> : std::true_type {};

template <class T>
concept MapOfStrings = requires {
  typename T::key_type;
  typename T::mapped_type;
  requires std::is_same_v<typename T::key_type, std::string>;
};

// Text of which nothing has to be escaped in any form, and which says so.
template <class T>
concept PlainText = requires { requires T::kIsPlainText; };

// A long list of an answer, whose elements are made one by one as they are written.
template <class T>
concept ListInMaking = requires(const T& list) {
  typename T::Element;
  { list.size() } -> std::same_as<std::size_t>;
  list.for_each([](const typename T::Element&) {});
};

// Calls `visit(field, member)` for each member of `object`, flattened ones included, in the order
// of the table, while it returns true. Returns whether it always did.
template <class Object, class Visit>
constexpr bool for_each_field(Object&& object, Visit&& visit) {
  using Struct = std::remove_cvref_t<Object>;
  const auto one = [&]<class Entry>(const Entry& entry) {
    if constexpr (requires { entry.name; }) {
      return visit(entry, object.*(entry.member));
    } else {
      return for_each_field(object.*(entry.member), visit);
    }
  };
  return std::apply([&](const auto&... entries) { return (one(entries) && ...); }, Struct::fields);
}

}  // namespace millrace::api
