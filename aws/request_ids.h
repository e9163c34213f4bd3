// The ids every answer carries. Unique, not secret: a fast generator, seeded once.

#pragma once

#include <cstdint>
#include <random>
#include <string>

#include "base/random.h"

namespace millrace::aws {

// Used by one thread.
class RequestIds {
 public:
  explicit RequestIds(Random& random);

  [[nodiscard]] std::string next_uuid();
  [[nodiscard]] std::string next_extended();  // Base64 of 72 bytes, as x-amz-id-2 has it.

 private:
  SeededRandom random_;
};

}  // namespace millrace::aws
