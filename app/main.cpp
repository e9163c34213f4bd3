#include <exception>
#include <iostream>
#include <system_error>

#include "app/config.h"
#include "app/memory.h"
#include "app/server.h"

int main(int argc, char** argv) {
  using millrace::app::Command;
  millrace::app::keep_freed_memory();
  try {
    const auto line = millrace::app::parse_command_line(argc, argv);
    switch (line.command) {
      case Command::kServe:
        return millrace::app::serve(
            line.config, [argc, argv] { return millrace::app::read_options_again(argc, argv); });
      case Command::kHealth:
        return millrace::app::ask_health(line.config);
      case Command::kCheck:
        return millrace::app::check(line.config);
      case Command::kCertificate:
        return millrace::app::print_certificate(line.config);
      case Command::kDone:
        return line.exit_status;
    }
  } catch (const std::system_error& error) {
    // Threads are all that is asked of the system by way of exceptions.
    const bool is_thread = error.code() == std::errc::resource_unavailable_try_again;
    std::cerr << "millrace: "
              << (is_thread
                      ? "cannot start a thread: the limit on processes and threads is reached "
                        "(ulimit -u, pids of the container)"
                      : error.what())
              << "\n";
  } catch (const std::exception& error) {
    std::cerr << "millrace: " << error.what() << "\n";
  }
  return 1;
}
