#include "api/number_text.h"

#include <array>
#include <charconv>
#include <cmath>
#include <string>

namespace millrace::api {

std::string number_text(double number) {
  if (std::isnan(number)) return "NaN";
  if (std::isinf(number)) return number > 0 ? "Infinity" : "-Infinity";
  std::array<char, 32> text{};  // The longest has 24.
  const auto written = std::to_chars(text.data(), text.data() + text.size(), number);
  return {text.data(), written.ptr};
}

}  // namespace millrace::api
