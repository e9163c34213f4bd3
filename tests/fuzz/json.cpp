// JSON from a client: bounded, and what is read survives being written.

#include "api/json.h"

#include <string_view>

#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/same_value.h"

namespace millrace::fuzz {

void run(std::string_view input) {
  const auto value = api::parse_json(input);
  if (value && has_plain_names(*value)) {
    require(survives_writing<api::JsonWriter>(*value, api::parse_json));
  }
}

}  // namespace millrace::fuzz
