#include "server/process_metrics.h"

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <sstream>
#include <string>
#include <system_error>
#include <vector>

#include <sys/resource.h>
#include <unistd.h>

#include "base/metrics.h"

namespace millrace::server {
namespace {

// Places in /proc/self/stat behind the name, which may hold blanks; of proc(5), less three.
constexpr std::size_t kUserTicks = 11;
constexpr std::size_t kSystemTicks = 12;
constexpr std::size_t kThreads = 17;
constexpr std::size_t kStartTicks = 19;
constexpr std::size_t kVirtualBytes = 20;
constexpr std::size_t kResidentPages = 21;

// Nothing where /proc is not mounted.
std::vector<std::uint64_t> read_stat() {
  std::ifstream file("/proc/self/stat");
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  const std::size_t name_end = text.rfind(')');
  if (name_end == std::string::npos) return {};
  std::istringstream rest(text.substr(name_end + 1));
  std::string state;
  rest >> state;
  std::vector<std::uint64_t> numbers = {0};  // In the place of the state.
  for (std::string word; rest >> word;) numbers.push_back(std::strtoull(word.c_str(), nullptr, 10));
  return numbers;
}

std::uint64_t boot_second() {
  std::ifstream file("/proc/stat");
  for (std::string word; file >> word;) {
    std::uint64_t second = 0;
    if (word == "btime" && file >> second) return second;
  }
  return 0;
}

std::uint64_t open_descriptors() {
  std::error_code error;
  std::uint64_t count = 0;
  for (std::filesystem::directory_iterator entry("/proc/self/fd", error), end;
       !error && entry != end; entry.increment(error)) {
    ++count;
  }
  return count;
}

}  // namespace

void write_process_metrics(MetricsText& text) {
  const auto stat = read_stat();
  if (stat.size() <= kResidentPages) return;
  const auto ticks = static_cast<double>(::sysconf(_SC_CLK_TCK));
  text.begin("process_cpu_seconds_total", "User and system time of the process.", "counter");
  text.sample({}, static_cast<double>(stat[kUserTicks] + stat[kSystemTicks]) / ticks);
  text.begin("process_resident_memory_bytes", "Memory of the process that is in RAM.", "gauge");
  text.sample({}, stat[kResidentPages] * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE)));
  text.begin("process_virtual_memory_bytes", "Address space of the process.", "gauge");
  text.sample({}, stat[kVirtualBytes]);
  text.begin("process_threads", "Threads of the process.", "gauge");
  text.sample({}, stat[kThreads]);
  text.begin("process_open_fds", "Descriptors that are open.", "gauge");
  text.sample({}, open_descriptors());
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) == 0) {
    text.begin("process_max_fds", "Descriptors that may be open.", "gauge");
    text.sample({}, std::uint64_t{limit.rlim_cur});
  }
  text.begin("process_start_time_seconds", "When the process was started, by the wall clock.",
             "gauge");
  text.sample({},
              static_cast<double>(boot_second()) + static_cast<double>(stat[kStartTicks]) / ticks);
}

}  // namespace millrace::server
