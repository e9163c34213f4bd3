#include "api/kinesis/operations.h"

#include <algorithm>
#include <array>
#include <span>
#include <string_view>

#include "api/operation.h"

namespace millrace::kinesis {

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
