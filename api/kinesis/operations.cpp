#include "api/kinesis/operations.h"

#include <algorithm>
#include <array>
#include <functional>
#include <span>
#include <string_view>

#include "api/operation.h"

namespace millrace::kinesis {

namespace {

#define MILLRACE_NAME(name) std::string_view(#name),
constexpr std::array kNames = {MILLRACE_KINESIS_OPERATIONS(MILLRACE_NAME)};
#undef MILLRACE_NAME

// find_operation() relies on it. Strictly, so that no name is there twice.
static_assert(std::ranges::adjacent_find(kNames, std::ranges::greater_equal{}) == kNames.end(),
              "THE LIST is not in the order of its names.");

}  // namespace

std::span<const Operation* const> operations() {
#define MILLRACE_ENTRY(name) &name(),
  static const std::array kAll = {MILLRACE_KINESIS_OPERATIONS(MILLRACE_ENTRY)};
#undef MILLRACE_ENTRY
  return kAll;
}

const Operation* find_operation(std::string_view name) {
  const auto all = operations();
  const auto found =
      std::ranges::lower_bound(all, name, {}, [](const Operation* o) { return o->name; });
  return found != all.end() && (*found)->name == name ? *found : nullptr;
}

}  // namespace millrace::kinesis
