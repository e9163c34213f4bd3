// What the fuzz targets share: where an input comes in, and a check that stays on in every build.

#pragma once

#include <cstdlib>
#include <string_view>

namespace millrace::fuzz {

// One input. Each target defines it; entry.cpp calls it.
void run(std::string_view input);

// Ends the run, which the fuzzer reports with the input, if `is_true` is not.
inline void require(bool is_true) {
  if (!is_true) std::abort();
}

// For results that only have to come about.
template <class T>
void use(const T& /*result*/) {}

}  // namespace millrace::fuzz
