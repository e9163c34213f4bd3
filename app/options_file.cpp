#include "app/options_file.h"

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "app/config_values.h"
#include "base/error.h"
#include "net/http.h"

namespace millrace::app {
namespace {

std::string_view unquoted(std::string_view text) {
  const bool is_quoted = text.size() >= 2 && text.front() == text.back() &&
                         (text.front() == '"' || text.front() == '\'');
  return is_quoted ? text.substr(1, text.size() - 2) : text;
}

}  // namespace

Result<std::vector<FileOption>> parse_options_file(std::string_view text) {
  std::vector<FileOption> options;
  for (int number = 1; !text.empty(); ++number) {
    const std::size_t end = text.find('\n');
    std::string_view line = text.substr(0, end);
    if (line.ends_with('\r')) line.remove_suffix(1);
    line = net::trimmed(line);
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    if (line.empty() || line.front() == '#' || line.front() == ';') continue;
    const std::size_t equals = line.find('=');
    if (equals == std::string_view::npos) {
      return fail(kBadConfig, "line " + std::to_string(number) + ": \"" + std::string(line) +
                                  "\" is not name = value");
    }
    options.push_back({std::string(net::trimmed(line.substr(0, equals))),
                       std::string(unquoted(net::trimmed(line.substr(equals + 1)))), number});
  }
  return options;
}

}  // namespace millrace::app
