// Preloaded into a server, makes its wall clock run $MILLRACE_CLOCK_SPEED times as fast from its
// start on. Timers and the monotonic clock stay as they are, which libfaketime cannot promise: its
// timers of descriptors do not fire when the clock runs fast.

#include <cstdint>
#include <cstdlib>

#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

namespace {

constexpr std::int64_t kNanosPerSecond = 1'000'000'000;

std::int64_t real_nanos() {
  timespec time{};
  ::syscall(SYS_clock_gettime, CLOCK_REALTIME, &time);
  return time.tv_sec * kNanosPerSecond + time.tv_nsec;
}

std::int64_t fast_nanos() {
  static const std::int64_t start = real_nanos();
  static const char* const speed = std::getenv("MILLRACE_CLOCK_SPEED");
  static const std::int64_t factor = speed == nullptr ? 1 : std::strtoll(speed, nullptr, 10);
  return start + (real_nanos() - start) * factor;
}

}  // namespace

// The C library's own names; its headers declare them with attributes that ours need not repeat.
extern "C" {

int clock_gettime(clockid_t clock, timespec* time) {
  if (clock != CLOCK_REALTIME && clock != CLOCK_REALTIME_COARSE) {
    return static_cast<int>(::syscall(SYS_clock_gettime, clock, time));
  }
  const std::int64_t nanos = fast_nanos();
  *time = {nanos / kNanosPerSecond, nanos % kNanosPerSecond};
  return 0;
}

int gettimeofday(timeval* time, void* /*zone*/) {
  const std::int64_t nanos = fast_nanos();
  *time = {nanos / kNanosPerSecond, nanos % kNanosPerSecond / 1000};
  return 0;
}

time_t time(time_t* out) {
  const time_t seconds = fast_nanos() / kNanosPerSecond;
  if (out != nullptr) *out = seconds;
  return seconds;
}

}  // extern "C"
