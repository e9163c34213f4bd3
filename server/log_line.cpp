#include "server/log_line.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <ctime>
#include <string>
#include <string_view>

#include "api/json.h"

namespace millrace::server {

std::string wall_time() {
  const auto now = std::chrono::floor<std::chrono::milliseconds>(std::chrono::system_clock::now());
  const std::time_t seconds = std::chrono::system_clock::to_time_t(now);
  std::tm parts{};
  ::gmtime_r(&seconds, &parts);
  std::array<char, 32> text{};
  const std::size_t length = std::strftime(text.data(), text.size(), "%Y-%m-%dT%H:%M:%S", &parts);
  const auto millis = now.time_since_epoch().count() % 1000;
  std::string out(text.data(), length);
  out += '.';
  out += std::to_string(1000 + millis).substr(1);
  out += 'Z';
  return out;
}

void add_json_text(std::string& line, std::string_view name, std::string_view value) {
  line += line.empty() ? "{" : ",";
  api::append_json_string(line, name);
  line += ':';
  api::append_json_string(line, value);
}

void add_json_number(std::string& line, std::string_view name, std::string_view value) {
  line += ',';
  api::append_json_string(line, name);
  line += ':';
  line += value;
}

std::string printable(std::string_view text, std::size_t size_max) {
  std::string out(text.substr(0, size_max));
  std::ranges::replace_if(out, [](unsigned char c) { return c < 0x21 || c > 0x7e; }, '?');
  return out;
}

}  // namespace millrace::server
