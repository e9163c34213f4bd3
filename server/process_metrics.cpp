#include "server/process_metrics.h"

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <string>
#include <system_error>

#include <sys/resource.h>
#include <unistd.h>

#include "base/metrics.h"
#include "server/process_stat.h"

namespace millrace::server {
namespace {

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
  const auto stat = process_stat("self");
  if (stat.empty()) return;
  const auto ticks = static_cast<double>(::sysconf(_SC_CLK_TCK));
  text.begin("process_cpu_seconds_total", "User and system time of the process.", "counter");
  text.sample({}, static_cast<double>(stat[kStatUserTicks] + stat[kStatSystemTicks]) / ticks);
  text.begin("process_resident_memory_bytes", "Memory of the process that is in RAM.", "gauge");
  text.sample({}, stat[kStatResidentPages] * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE)));
  text.begin("process_virtual_memory_bytes", "Address space of the process.", "gauge");
  text.sample({}, stat[kStatVirtualBytes]);
  text.begin("process_threads", "Threads of the process.", "gauge");
  text.sample({}, stat[kStatThreads]);
  text.begin("process_open_fds", "Descriptors that are open.", "gauge");
  text.sample({}, open_descriptors());
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) == 0) {
    text.begin("process_max_fds", "Descriptors that may be open.", "gauge");
    text.sample({}, std::uint64_t{limit.rlim_cur});
  }
  text.begin("process_start_time_seconds", "When the process was started, by the wall clock.",
             "gauge");
  text.sample(
      {}, static_cast<double>(boot_second()) + static_cast<double>(stat[kStatStartTicks]) / ticks);
}

}  // namespace millrace::server
