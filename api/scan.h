// From the bytes of a plain body straight to a Request, by its field table, without a tree of
// values in between.
//
// Plain means: each member known, of its type, given once and within its constraints. Anything else
// gives nothing, and decode() says what is wrong with it, or that nothing is (decode.h). A Request
// that points into its body (std::string_view, BlobView) is good as long as body and scanner are.

#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

#include "api/field.h"
#include "api/validate.h"

namespace millrace::api {

template <class Scanner, Structure T>
bool scan_structure(Scanner& scanner, T& out);

// The next value of the body. False if it is not of type T, or breaks a constraint.
template <class Scanner, class T>
bool scan_value(Scanner& scanner, const Constraints& constraints, T& out) {
  if constexpr (IsOptional<T>::value) {
    return scan_value(scanner, constraints, out.emplace());
  } else if constexpr (std::is_same_v<T, std::string> || std::is_same_v<T, std::string_view>) {
    std::string_view text;
    if (!scanner.text(text) || !is_satisfied(constraints, text)) return false;
    out = text;
    return true;
  } else if constexpr (std::is_same_v<T, BlobView>) {
    return scanner.blob(out.bytes) && is_length_satisfied(constraints, out.bytes.size());
  } else if constexpr (std::is_same_v<T, std::int32_t>) {
    std::int64_t number = 0;
    if (!scanner.integer(number) || !is_satisfied(constraints, number)) return false;
    out = static_cast<std::int32_t>(number);
    return number == out;
  } else if constexpr (std::is_same_v<T, bool>) {
    return scanner.boolean(out);
  } else if constexpr (IsVector<T>::value) {
    static_assert(Structure<typename T::value_type>);
    if (!scanner.begin_list()) return false;
    while (scanner.next_element()) {
      if (constraints.length_max && std::cmp_equal(out.size(), *constraints.length_max)) {
        return false;
      }
      if (!scan_structure(scanner, out.emplace_back())) return false;
    }
    return scanner.ok() && is_length_satisfied(constraints, out.size());
  } else {
    static_assert(Structure<T>);
    return scan_structure(scanner, out);
  }
}

// Members in any order, each at most once; those that are required are all there.
template <class Scanner, Structure T>
bool scan_structure(Scanner& scanner, T& out) {
  std::uint64_t seen = 0;  // A bit for each member, in the order of the table.
  std::string_view name;
  if (!scanner.begin_map()) return false;
  while (scanner.next_key(name)) {
    std::uint64_t bit = 1;
    bool is_taken = false;
    for_each_field(out, [&](const auto& entry, auto& member) {
      if (entry.name != name) {
        bit <<= 1U;
        return true;
      }
      is_taken = (seen & bit) == 0 && scan_value(scanner, entry.constraints, member);
      seen |= bit;
      return false;
    });
    if (!is_taken) return false;
  }
  if (!scanner.ok()) return false;

  const auto is_seen = [&](std::string_view wanted) {
    std::uint64_t bit = 1;
    return !for_each_field(out, [&](const auto& entry, auto&) {
      const bool is_it = entry.name == wanted && (seen & bit) != 0;
      bit <<= 1U;
      return !is_it;
    });
  };
  std::uint64_t bit = 1;
  return for_each_field(out, [&](const auto& entry, auto&) {
    const bool is_there = (seen & bit) != 0;
    bit <<= 1U;
    const std::string_view other = entry.constraints.required_without;
    return is_there || (!entry.constraints.is_required && (other.empty() || is_seen(other)));
  });
}

// The whole body.
template <class Scanner, Structure T>
bool scan(Scanner& scanner, T& request) {
  return scan_structure(scanner, request) && scanner.at_end();
}

}  // namespace millrace::api
