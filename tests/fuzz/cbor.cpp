// CBOR from a client: bounded, and what is read survives being written.

#include "api/cbor.h"

#include <string_view>

#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/same_value.h"

namespace millrace::fuzz {

void run(std::string_view input) {
  const auto value = api::parse_cbor(input);
  if (value) require(survives_writing<api::CborWriter>(*value, api::parse_cbor));
}

}  // namespace millrace::fuzz
