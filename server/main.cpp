#include <exception>
#include <iostream>

#include <malloc.h>

#include "server/config.h"
#include "server/server.h"

namespace {

// Requests and answers of up to a few megabytes come and go by the thousand; given back to the
// system each time, their memory would have to be mapped and cleared again. So the allocator keeps
// up to 8 MiB an arena, of which there are two: with one for each of our threads, what is kept
// would be several memtables. Larger blocks are mapped one by one.
void keep_memory() {
#if defined(__GLIBC__)
  ::mallopt(M_ARENA_MAX, 2);
  ::mallopt(M_MMAP_THRESHOLD, 4 << 20);
  ::mallopt(M_TRIM_THRESHOLD, 8 << 20);
#endif
}

}  // namespace

int main(int argc, char** argv) {
  using millrace::server::Command;
  keep_memory();
  try {
    const auto line = millrace::server::parse_command_line(argc, argv);
    switch (line.command) {
      case Command::kServe:
        return millrace::server::serve(line.config);
      case Command::kHealth:
        return millrace::server::ask_health(line.config);
      case Command::kCheck:
        return millrace::server::check(line.config);
      case Command::kCertificate:
        return millrace::server::print_certificate(line.config);
      case Command::kDone:
        return line.exit_status;
    }
  } catch (const std::exception& error) {
    std::cerr << "millrace: " << error.what() << "\n";
  }
  return 1;
}
