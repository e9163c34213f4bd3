// All options in one declaration, and what they are parsed into.
//
// For app/command_line.cpp.

#pragma once

#include <chrono>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "app/config.h"
#include "base/error.h"

namespace CLI {
class App;
}

namespace millrace::app {

// The options as they are parsed, before they become a Config.
struct RawOptions {
  Config config;
  std::string file;
  std::vector<std::string> ports = {"4567"};
  std::vector<std::string> listen;
  std::vector<std::string> tls_names;
  std::vector<std::string> allow_hosts;
  std::vector<std::string> allow_origins;
  std::string data_dir;
  std::string fsync = "interval";
  std::chrono::milliseconds fsync_interval{100};
  std::vector<std::string> delays;
  std::vector<std::string> streams;
  std::string limits = "off";
  std::string auth = "presence";
  std::string auth_keys;
  std::string control = "on";
  std::string tls = "on";
  std::string tls_certificate;
  std::string tls_key;
  std::string ready_file;
  std::chrono::milliseconds on_demand_window = std::chrono::seconds(60);
  std::chrono::milliseconds subscription_life = std::chrono::minutes(5);
  std::chrono::milliseconds subscription_takeover = std::chrono::seconds(5);
  std::string log_format = "text";
  std::string access_log = "errors";
  std::string stream_metrics = "on";
  std::chrono::milliseconds slow_request = std::chrono::seconds(1);
  std::size_t memory_budget_mib = 0;  // As is usual for where records are kept.
  std::size_t disk_budget_mib = 0;
  std::size_t inflight_budget_mib = 256;
  std::size_t answer_budget_mib = 256;
  std::chrono::milliseconds idle_timeout = std::chrono::seconds(60);
  std::chrono::milliseconds read_timeout = std::chrono::seconds(10);
};

// Options that belong together, in help and documentation.
struct OptionGroup {
  std::string_view title;
  void (*add)(CLI::App& app, RawOptions& raw);
};

[[nodiscard]] const std::vector<OptionGroup>& option_groups();

// Adds each option to `app`, which writes into `raw`.
void add_options(CLI::App& app, RawOptions& raw);

// Errors: kBadConfig.
[[nodiscard]] Result<Config> to_config(const RawOptions& raw);

}  // namespace millrace::app
