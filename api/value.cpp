#include "api/value.h"

#include <string_view>
#include <variant>

namespace millrace::api {

Value* Value::find(std::string_view name) {
  auto* map = std::get_if<ValueMap>(&held);
  if (map == nullptr) return nullptr;
  for (auto entry = map->rbegin(); entry != map->rend(); ++entry) {
    if (entry->key == name) return entry->value.is_null() ? nullptr : &entry->value;
  }
  return nullptr;
}

}  // namespace millrace::api
