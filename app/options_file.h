// The file of options given with --config: lines of name = value.
//
//   # What stands behind a # or ; at the beginning of a line is a comment.
//   port = 4567
//   streams = orders:2, clicks
//   log-format = "json"
//
// A value goes to the end of its line; quotes around it are taken off.

#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"

namespace millrace::app {

struct FileOption {
  std::string name;
  std::string value;
  int line = 0;  // From 1.
};

// Errors: kBadConfig, "line 3: …".
[[nodiscard]] Result<std::vector<FileOption>> parse_options_file(std::string_view text);

}  // namespace millrace::app
