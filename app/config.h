// Everything that can be set, from command line, environment and file, in one declaration.

#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "app/tls.h"
#include "base/error.h"
#include "net/limits.h"
#include "server/access_log.h"
#include "server/defaults.h"
#include "server/log_line.h"
#include "storage/rocksdb/rocksdb_options.h"
#include "streams/catalogue.h"
#include "streams/quota.h"
#include "streams/subscriptions.h"

namespace millrace::app {

inline constexpr ErrorCode kBadConfig{"bad_config"};

// A stream to make at start.
struct InitialStream {
  std::string name;
  std::uint32_t shard_count = 4;
  std::string region;  // Empty: the default.
};

struct Config {
  std::vector<std::string> listen;  // Empty: both loopback addresses.
  std::vector<std::uint16_t> ports = {4567};
  std::filesystem::path data_dir;
  bool is_ephemeral = false;
  bool enforces_policies = false;
  bool has_stream_metrics = true;
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

// The values of a list: there are commas or blanks between them.
[[nodiscard]] std::vector<std::string_view> split_list(std::string_view text);

// `500`, of `unit`, or `500ms`, `2s`, `5m`, `1h`. Errors: kBadConfig.
[[nodiscard]] Result<std::chrono::milliseconds> parse_duration(std::string_view text,
                                                               std::chrono::milliseconds unit);

// As parse_duration() takes it, in the largest unit that fits: `1500ms`, `2s`.
[[nodiscard]] std::string show_duration(std::chrono::milliseconds time);

// At least one, each once. Errors: kBadConfig.
[[nodiscard]] Result<std::vector<std::uint16_t>> parse_ports(const std::vector<std::string>& texts);

// `name:shards:region` each; shards and region may be left out. Errors: kBadConfig.
[[nodiscard]] Result<std::vector<InitialStream>> parse_initial_streams(
    const std::vector<std::string>& texts);

// True if `text` has the form of a region of one of AWS's partitions, as us-east-1 has and us-east1
// has not.
[[nodiscard]] bool looks_like_region(std::string_view text);

// A time for all transitions (milliseconds without a unit), or `create=` and a time, `delete=`,
// `reshard=`, `update=`, `consumer=`.
// Errors: kBadConfig.
[[nodiscard]] Result<void> parse_delay(std::string_view text, streams::TransitionDelays& delays);

}  // namespace millrace::app
