#include <exception>
#include <iostream>

#include "server/config.h"
#include "server/memory.h"
#include "server/server.h"

int main(int argc, char** argv) {
  using millrace::server::Command;
  millrace::server::keep_freed_memory();
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
