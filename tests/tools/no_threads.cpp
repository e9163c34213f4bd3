// Preloaded into a server, refuses it threads.
//
// The first $MILLRACE_THREADS threads are given; after them none while the file
// $MILLRACE_NO_THREADS exists, as under a limit on processes.

#include <atomic>
#include <cerrno>
#include <cstdlib>

#include <dlfcn.h>
#include <pthread.h>
#include <unistd.h>

extern "C" int pthread_create(pthread_t* thread, const pthread_attr_t* attributes,
                              void* (*run)(void*), void* argument) {
  using Create = int(pthread_t*, const pthread_attr_t*, void* (*)(void*), void*);
  static auto* const next = reinterpret_cast<Create*>(::dlsym(RTLD_NEXT, "pthread_create"));
  static const char* const given = std::getenv("MILLRACE_THREADS");
  static const char* const file = std::getenv("MILLRACE_NO_THREADS");
  static std::atomic<long> left{given != nullptr ? std::strtol(given, nullptr, 10) : 0};
  if (left.fetch_sub(1) <= 0 && file != nullptr && ::access(file, F_OK) == 0) return EAGAIN;
  return next(thread, attributes, run, argument);
}
