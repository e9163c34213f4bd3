// Everything that can be set, from command line, environment and file, in one declaration.

#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "app/config_values.h"
#include "app/tls.h"
#include "base/error.h"
#include "net/limits.h"
#include "server/access_log.h"
#include "server/defaults.h"
#include "server/log_line.h"
#include "storage/rocksdb/rocksdb_options.h"
#include "streams/quota.h"
#include "streams/subscriptions.h"
#include "streams/surroundings.h"

namespace millrace::app {

struct Config {
  std::vector<std::string> listen;  // Empty: both loopback addresses.
  std::vector<std::uint16_t> ports = {4567};
  std::filesystem::path data_dir;
  bool is_ephemeral = false;
  bool enforces_policies = false;
  bool has_stream_metrics = true;
  bool has_control = true;
  bool asks_ready_file = false;  // The health command takes the endpoint from the ready file.
  storage::Fsync fsync = storage::Fsync::kInterval;
  std::chrono::milliseconds fsync_interval{100};
  server::Defaults defaults;
  streams::CatalogueOptions catalogue;
  streams::LimitsMode limits_mode = streams::LimitsMode::kOff;
  streams::SubscriptionOptions subscriptions;
  std::filesystem::path auth_keys;  // Empty: signatures are not verified.
  TlsOptions tls;
  std::filesystem::path ready_file;  // Empty: none.
  std::vector<InitialStream> streams;
  std::vector<std::string> allow_hosts;
  std::vector<std::string> allow_origins;
  net::Limits limits;
  std::uint32_t threads = 0;  // 0: one per core, at most eight.
  std::size_t memory_budget_bytes = 1024UL << 20U;
  std::uint64_t disk_budget_bytes = 0;  // 0: no limit.
  server::LogFormat log_format = server::LogFormat::kText;
  server::AccessLog::Options access_log;
  std::string log_level = "info";
  std::vector<std::string> warnings;  // Of what was given and means nothing.
};

enum class Command : std::uint8_t { kServe, kHealth, kCheck, kCertificate, kDone };

struct CommandLine {
  Command command = Command::kDone;
  Config config;
  int exit_status = 0;  // Of kDone: help and version were printed, or an error.
};

// Reads the command line; prints help, version and errors itself.
[[nodiscard]] CommandLine parse_command_line(int argc, char** argv);

// The options of the same command line as they are now. Errors: kBadConfig, with a sentence for
// people.
[[nodiscard]] Result<Config> read_options_again(int argc, char** argv);

// docs/configuration.md, made from the options themselves.
[[nodiscard]] std::string configuration_page();

}  // namespace millrace::app
