#include "api/operation.h"

#include <optional>
#include <string_view>
#include <variant>

#include "api/cbor.h"
#include "api/json.h"
#include "api/value.h"

namespace millrace::api {

std::optional<Value> parse_body(std::string_view body, Form form) {
  auto value = form == Form::kJson ? parse_json(body) : parse_cbor(body);
  if (value && !std::holds_alternative<ValueMap>(value->held)) return std::nullopt;
  return value;
}

}  // namespace millrace::api
