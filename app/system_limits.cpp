#include "app/system_limits.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <thread>

#include <sys/resource.h>

namespace millrace::app {
namespace {

constexpr std::uint32_t kThreadsMax = 8;

}  // namespace

void raise_descriptor_limit() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur == limit.rlim_max) return;
  limit.rlim_cur = limit.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &limit);
}

std::size_t connections_max(std::size_t wanted) {
  constexpr rlim_t kOther = 24;
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return wanted;
  const rlim_t store = std::clamp<rlim_t>(limit.rlim_cur / 4, 16, 512);
  const rlim_t taken = store + kOther;
  const rlim_t left = limit.rlim_cur > taken + 1 ? limit.rlim_cur - taken : 1;
  return std::min<std::size_t>(wanted, left);
}

std::uint32_t thread_count(std::uint32_t wanted) {
  if (wanted > 0) return wanted;
  return std::clamp(std::thread::hardware_concurrency(), 1U, kThreadsMax);
}

}  // namespace millrace::app
