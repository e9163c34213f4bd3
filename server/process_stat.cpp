#include "server/process_stat.h"

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

namespace millrace::server {

std::vector<std::uint64_t> process_stat(const std::string& process) {
  std::ifstream file("/proc/" + process + "/stat");
  std::string line;
  std::getline(file, line);
  const std::size_t name_end = line.rfind(')');  // The name may hold blanks.
  if (name_end == std::string::npos) return {};
  std::istringstream rest(line.substr(name_end + 1));
  std::string state;
  rest >> state;
  std::vector<std::uint64_t> numbers = {0};
  for (std::string word; rest >> word;) {
    numbers.push_back(std::strtoull(word.c_str(), nullptr, 10));
  }
  if (numbers.size() <= kStatResidentPages) return {};
  return numbers;
}

}  // namespace millrace::server
