// What the fuzz targets share: where an input comes in, and a check that stays on in every build.

#pragma once

#include <cstdio>
#include <cstdlib>
#include <source_location>
#include <string_view>

namespace millrace::fuzz {

// One input. Each target defines it; entry.cpp calls it.
void run(std::string_view input);

// Ends the run, which the fuzzer reports with the input, if `is_true` is not.
inline void require(bool is_true,
                    const std::source_location& where = std::source_location::current()) {
  if (is_true) return;
  std::fprintf(stderr, "%s:%u: this should hold\n", where.file_name(),
               static_cast<unsigned>(where.line()));
  std::abort();
}

// For results that only have to come about.
template <class T>
void use(const T& /*result*/) {}

}  // namespace millrace::fuzz
