// How numbers are written.

#pragma once

#include <string>

namespace millrace::api {

// As short as it is read back; `NaN`, `Infinity` or `-Infinity` if it is no finite number.
[[nodiscard]] std::string number_text(double number);

}  // namespace millrace::api
