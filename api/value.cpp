#include "api/value.h"

#include <string_view>
#include <variant>

namespace millrace::api {

Value* Value::find(std::string_view name) {
  auto* map = std::get_if<ValueMap>(&held);
  if (map == nullptr) return nullptr;
  for (auto entry = map->rbegin(); entry != map->rend(); ++entry) {
    if (entry->first == name) return entry->second.is_null() ? nullptr : &entry->second;
  }
  return nullptr;
}

}  // namespace millrace::api
