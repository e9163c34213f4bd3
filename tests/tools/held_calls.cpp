// Preloaded into a server, holds calls on its files for as long as the test wants.
//
// While $MILLRACE_HELD_CALLS/<call>.<suffix> exists, <call> on a file whose name ends in .<suffix>
// does not return; <call> is write, read or sync. A call is held for kHeldMax at most.

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdlib>
#include <string>
#include <string_view>
#include <thread>

#include <dlfcn.h>
#include <sys/types.h>
#include <unistd.h>

namespace {

constexpr std::chrono::seconds kHeldMax{20};
constexpr std::chrono::milliseconds kLook{1};

// The real function behind ours of that name.
template <class Function>
Function* real(const char* name) {
  return reinterpret_cast<Function*>(::dlsym(RTLD_NEXT, name));
}

std::string suffix_of(int descriptor) {
  std::array<char, 4096> path{};
  const std::string link = "/proc/self/fd/" + std::to_string(descriptor);
  const ssize_t size = ::readlink(link.c_str(), path.data(), path.size());
  const std::string_view name(path.data(), size > 0 ? static_cast<std::size_t>(size) : 0);
  const std::size_t dot = name.rfind('.');
  return dot == std::string_view::npos ? "" : std::string(name.substr(dot));
}

void hold(std::string_view call, int descriptor) {
  static const char* const directory = std::getenv("MILLRACE_HELD_CALLS");
  if (directory == nullptr) return;
  const std::string suffix = suffix_of(descriptor);
  if (suffix.empty()) return;
  const std::string switch_path = std::string(directory) + "/" + std::string(call) + suffix;
  const auto give_up = std::chrono::steady_clock::now() + kHeldMax;
  while (::access(switch_path.c_str(), F_OK) == 0 && std::chrono::steady_clock::now() < give_up) {
    std::this_thread::sleep_for(kLook);
  }
}

}  // namespace

// The C library's own names; its header declares them with attributes that ours need not repeat.
extern "C" {

ssize_t write(int descriptor, const void* bytes, std::size_t count) {
  static auto* const next = real<ssize_t(int, const void*, std::size_t)>("write");
  hold("write", descriptor);
  return next(descriptor, bytes, count);
}

ssize_t pread(int descriptor, void* bytes, std::size_t count, off_t offset) {
  static auto* const next = real<ssize_t(int, void*, std::size_t, off_t)>("pread");
  hold("read", descriptor);
  return next(descriptor, bytes, count, offset);
}

ssize_t pread64(int descriptor, void* bytes, std::size_t count, off64_t offset) {
  static auto* const next = real<ssize_t(int, void*, std::size_t, off64_t)>("pread64");
  hold("read", descriptor);
  return next(descriptor, bytes, count, offset);
}

int fsync(int descriptor) {
  static auto* const next = real<int(int)>("fsync");
  hold("sync", descriptor);
  return next(descriptor);
}

int fdatasync(int descriptor) {
  static auto* const next = real<int(int)>("fdatasync");
  hold("sync", descriptor);
  return next(descriptor);
}

}  // extern "C"
