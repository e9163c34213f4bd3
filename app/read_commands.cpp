// The commands that only read a data directory. They make nothing.

#include <iostream>

#include <spdlog/logger.h>
#include <unistd.h>

#include "app/config.h"
#include "app/logger.h"
#include "app/server.h"
#include "app/store.h"
#include "app/tls.h"
#include "base/error.h"
#include "server/log_writer.h"
#include "storage/directory.h"

namespace millrace::app {

int check(const Config& config) {
  server::LogWriter log_writer(STDERR_FILENO);
  const auto log = make_logger(log_writer, config.log_format, config.log_level);
  if (!storage::is_data_directory(config.data_dir)) {
    log->error("{} is not a data directory", config.data_dir.string());
    return 1;
  }
  auto store = open_store(config, *log);
  if (!store) {
    log->error("{}", store.error().message);
    return 1;
  }
  const auto records = count_records(**store);
  if (!records) {
    log->error("{}: {}", config.data_dir.string(), records.error().message);
    return 1;
  }
  log->info("{} records read, nothing is damaged", *records);
  return 0;
}

int print_certificate(const Config& config) {
  const auto certificate = read_ca_certificate(config.data_dir);
  if (!certificate) {
    std::cerr << certificate.error().message << "\n";
    return 1;
  }
  std::cout << *certificate << std::flush;
  std::cerr << "\n" << how_to_trust();
  return 0;
}

}  // namespace millrace::app
