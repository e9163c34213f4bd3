#include "app/config.h"

#include <chrono>
#include <cstddef>
#include <cstdlib>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <CLI/CLI.hpp>

#include "app/config_values.h"
#include "app/options.h"
#include "app/tls.h"
#include "base/duration.h"
#include "base/error.h"
#include "base/scope.h"
#include "base/try.h"
#include "net/tls_certificate.h"
#include "net/tls_context.h"
#include "server/access_log.h"
#include "server/log_line.h"
#include "storage/rocksdb/rocksdb_options.h"
#include "streams/quota.h"

namespace millrace::app {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t kMib = 1UL << 20U;

std::string default_data_dir() {
  if (const char* data = std::getenv("XDG_DATA_HOME"); data != nullptr && *data != '\0') {
    return std::string(data) + "/millrace";
  }
  const char* home = std::getenv("HOME");
  return std::string(home != nullptr && *home != '\0' ? home : ".") + "/.local/share/millrace";
}

struct DurationBounds {
  std::chrono::milliseconds min;
  std::chrono::milliseconds max;
  std::chrono::milliseconds unit;  // Of a number without one.
};

void add_duration(CLI::App& app, const std::string& name, std::chrono::milliseconds& value,
                  const DurationBounds& bounds, const std::string& description) {
  const CLI::callback_t read = [&value, name, bounds](const CLI::results_t& given) {
    const std::string& text = given.back();
    const auto parsed = parse_duration(text, bounds.unit);
    if (!parsed || *parsed < bounds.min || *parsed > bounds.max) {
      throw CLI::ValidationError(
          name, "\"" + text + "\" is not a time from " + show_duration(bounds.min) + " to " +
                    show_duration(bounds.max) + " (such as 500ms, 2s, 5m or 1h)");
    }
    value = *parsed;
    return true;
  };
  app.add_option(name, read, description)->type_name("TIME")->default_str(show_duration(value));
}

// The values of an option that may have several, with commas or blanks between them.
std::vector<std::string> all_of(const std::vector<std::string>& given) {
  std::vector<std::string> all;
  for (const std::string& text : given) {
    for (const std::string_view value : split_list(text)) all.emplace_back(value);
  }
  return all;
}

std::string check_region(const std::string& text) {
  return is_region(text) ? std::string{} : "a region has 1 to 64 characters of a-z, 0-9 and -";
}

std::string check_account(const std::string& text) {
  return is_account(text) ? std::string{} : "an account has 12 digits";
}

void add_listening(CLI::App& app, RawOptions& raw) {
  app.add_option(
         "--port", raw.ports,
         "Port to listen on, or several. 0 picks a free port; the JSON of --ready-file is then "
         "printed on standard output too")
      ->default_str("4567");
  app.add_option("--listen", raw.listen,
                 "Address to listen on, or several. Default: 127.0.0.1 and ::1");
  app.add_option("--ready-file", raw.ready_file,
                 "File that exists while the server is ready: one line of JSON with endpoint, "
                 "certificate authority, process id and version. `millrace health` reads it");
  app.add_option("--allow-host", raw.allow_hosts,
                 "Host name that requests may be addressed to, besides local names");
  app.add_option("--allow-origin", raw.allow_origins,
                 "Origin of web pages that may call the server; * allows all");
}

void add_data(CLI::App& app, RawOptions& raw) {
  app.add_option("--data-dir", raw.data_dir,
                 "Data directory; the server creates it if missing. Default: "
                 "$XDG_DATA_HOME/millrace, otherwise "
                 "~/.local/share/millrace");
  app.add_flag("--ephemeral", raw.config.is_ephemeral,
               "Keep everything in memory and write no file");
  app.add_option("--fsync", raw.fsync,
                 "When a write reaches the device: always (before its answer), interval or never. "
                 "kill -9 loses nothing with any of them")
      ->check(CLI::IsMember({"always", "interval", "never"}))
      ->capture_default_str();
  add_duration(app, "--fsync-interval", raw.fsync_interval, {1ms, 1min, 1ms},
               "Time between syncs with --fsync interval; a power cut loses at most the writes of "
               "that time");
  app.add_option("--memory-budget", raw.memory_budget_mib,
                 "MiB of memory for records. With --ephemeral records beyond it are refused; "
                 "otherwise it holds writes on their way to files, and a cache. Default: 1024 "
                 "with --ephemeral, otherwise 128")
      ->check(CLI::Range(16, 1'048'576));
  app.add_option("--disk-budget", raw.disk_budget_mib,
                 "MiB that the data directory may take before records are refused; 0: no limit")
      ->check(CLI::Range(std::size_t{0}, std::size_t{1} << 30U))
      ->capture_default_str();
}

void add_streams(CLI::App& app, RawOptions& raw) {
  Config& config = raw.config;
  app.add_option("--streams", raw.streams,
                 "Streams to create at start: name:shards:region, or several. Shards default to 4, "
                 "the region to --region. Also read from INITIALIZE_STREAMS");
  app.add_option("--region", config.defaults.region,
                 "Region for requests that name none, and for --streams")
      ->check(check_region)
      ->capture_default_str();
  app.add_option("--account", config.defaults.account,
                 "Account for requests whose access key ID is not a 12-digit account, and for "
                 "--streams")
      ->check(check_account)
      ->capture_default_str();
}

void add_behaviour(CLI::App& app, RawOptions& raw) {
  Config& config = raw.config;
  app.add_option("--transition-delay", raw.delays,
                 "How long streams and consumers stay in CREATING, DELETING and UPDATING: a time, "
                 "or create=, delete=, reshard=, update= and consumer= with a time each. "
                 "Default: 0");
  app.add_option("--limits", raw.limits,
                 "The service's limits on throughput, calls and counts: off, observe (count in "
                 "/metrics what is over them) or enforce")
      ->check(CLI::IsMember({"off", "observe", "enforce"}))
      ->capture_default_str();
  app.add_option("--shard-limit", config.catalogue.account_shards_max,
                 "Shards that an account may have in a region; DescribeLimits shows it, --limits "
                 "enforce enforces it")
      ->check(CLI::Range(1, 1'000'000))
      ->capture_default_str();
  add_duration(app, "--on-demand-window", raw.on_demand_window, {1s, 1h, 1s},
               "Time over which the load of an on-demand stream is measured before its shards "
               "split (seconds without a unit)");
  add_duration(app, "--subscription-life", raw.subscription_life, {1ms, 24h, 1ms},
               "Time after which a subscription of SubscribeToShard ends");
  add_duration(app, "--subscription-takeover", raw.subscription_takeover, {0ms, 24h, 1ms},
               "Time for which a second SubscribeToShard of a consumer to the same shard is "
               "refused; later it takes over");
  app.add_flag("--enforce-policies", config.enforces_policies,
               "Let other accounts use a stream or a consumer only as its resource policy allows");
}

void add_security(CLI::App& app, RawOptions& raw) {
  app.add_option("--auth", raw.auth,
                 "Signature checking: presence (a request has to be signed) or verify (by a key of "
                 "--auth-keys)")
      ->check(CLI::IsMember({"presence", "verify"}))
      ->capture_default_str();
  app.add_option(
      "--auth-keys", raw.auth_keys,
      "File of the keys for --auth verify: lines of access key ID and secret access key, and admin "
      "behind them for a key that may control the whole server. Nobody else may use it; read again "
      "on SIGHUP");
  app.add_option("--control", raw.control,
                 "Control paths, such as POST /_millrace/reset: on or off. With --auth verify they "
                 "take signed requests only")
      ->check(CLI::IsMember({"on", "off"}))
      ->capture_default_str();
  app.add_option("--tls", raw.tls,
                 "TLS on the port: on (beside plain connections), only (plain connections are "
                 "refused) or off")
      ->check(CLI::IsMember({"on", "only", "off"}))
      ->capture_default_str();
  app.add_option("--tls-name", raw.tls_names,
                 "Extra DNS name or address for the generated certificate; the first label may be "
                 "*");
  app.add_option("--tls-cert", raw.tls_certificate,
                 "File of the certificate and its chain, PEM; read again on SIGHUP. Without it the "
                 "server generates a certificate, and `millrace cert` prints its authority");
  app.add_option("--tls-key", raw.tls_key,
                 "File of the key of --tls-cert, PEM. Nobody else may use it; read again on "
                 "SIGHUP");
}

void add_bounds(CLI::App& app, RawOptions& raw) {
  Config& config = raw.config;
  app.add_option("--threads", config.threads,
                 "Threads that serve connections; 0: one per core, at most eight")
      ->check(CLI::Range(0, 64))
      ->capture_default_str();
  app.add_option("--connections-max", config.limits.connections_max,
                 "Connections served at a time; further ones are closed at once")
      ->check(CLI::Range(1, 1'000'000))
      ->capture_default_str();
  add_duration(app, "--idle-timeout", raw.idle_timeout, {1s, 24h, 1s},
               "Time that a connection may wait for its next request (seconds without a unit)");
  add_duration(app, "--read-timeout", raw.read_timeout, {1s, 1h, 1s},
               "Time for the head of a request, and between two bytes of its body (seconds without "
               "a unit)");
  app.add_option("--inflight-budget", raw.inflight_budget_mib,
                 "MiB that all request bodies in flight may take; one connection may take a "
                 "quarter. Beyond it the request that has sent nothing for longest is ended, then "
                 "new ones are answered 503")
      ->check(CLI::Range(16, 1'048'576))
      ->capture_default_str();
  app.add_option("--answer-budget", raw.answer_budget_mib,
                 "MiB that all answers may take until they are read; one connection may take a "
                 "quarter. Beyond it GetRecords returns fewer records, the answer that was read "
                 "least recently is ended, then new ones are answered 503")
      ->check(CLI::Range(16, 1'048'576))
      ->capture_default_str();
}

void add_logs(CLI::App& app, RawOptions& raw) {
  app.add_option("--log-level", raw.config.log_level,
                 "debug, info, warning, error or off; read again on SIGHUP")
      ->check(CLI::IsMember({"debug", "info", "warning", "error", "off"}))
      ->capture_default_str();
  app.add_option("--log-format", raw.log_format, "Format of log lines: text or json")
      ->check(CLI::IsMember({"text", "json"}))
      ->capture_default_str();
  app.add_option("--access-log", raw.access_log,
                 "Requests with a log line: errors (those that failed in the server, were refused, "
                 "are not valid HTTP, or took longer than --slow-request), all (alias: on) or "
                 "off")
      ->check(CLI::IsMember({"errors", "all", "on", "off"}))
      ->capture_default_str();
  add_duration(app, "--slow-request", raw.slow_request, {1ms, 24h, 1ms},
               "Time to the first byte of an answer beyond which --access-log errors logs it");
  app.add_option("--stream-metrics", raw.stream_metrics,
                 "Metrics of each stream in /metrics, for up to 1,000 streams: on or off")
      ->check(CLI::IsMember({"on", "off"}))
      ->capture_default_str();
}

}  // namespace

const std::vector<OptionGroup>& option_groups() {
  static const std::vector<OptionGroup> groups = {
      {"Where it listens", add_listening},
      {"Data", add_data},
      {"Streams, regions, accounts", add_streams},
      {"AWS-like behavior", add_behaviour},
      {"Signatures and TLS", add_security},
      {"Resource limits", add_bounds},
      {"Logs and metrics", add_logs},
  };
  return groups;
}

void add_options(CLI::App& app, RawOptions& raw) {
  app.add_option("--config", raw.file,
                 "Read options from this file: lines of name = value; # begins a comment");
  for (const OptionGroup& group : option_groups()) {
    app.option_defaults()->group(std::string(group.title));
    group.add(app, raw);
  }
}

Result<Config> to_config(const RawOptions& raw) {
  Config config = raw.config;
  auto ports = TRY(parse_ports(all_of(raw.ports)));
  config.ports = std::move(ports);
  config.listen = all_of(raw.listen);
  config.tls.names = all_of(raw.tls_names);
  config.allow_hosts = all_of(raw.allow_hosts);
  config.allow_origins = all_of(raw.allow_origins);
  config.data_dir = raw.data_dir.empty() ? default_data_dir() : raw.data_dir;
  if (raw.fsync == "always") config.fsync = storage::Fsync::kAlways;
  if (raw.fsync == "never") config.fsync = storage::Fsync::kNever;
  config.fsync_interval = raw.fsync_interval;
  if (raw.log_format == "json") config.log_format = server::LogFormat::kJson;
  if (raw.access_log == "off") config.access_log.mode = server::AccessLogMode::kOff;
  if (raw.access_log == "all" || raw.access_log == "on") {
    config.access_log.mode = server::AccessLogMode::kAll;
  }
  config.access_log.slow_request = raw.slow_request;
  config.has_stream_metrics = raw.stream_metrics == "on";
  if (raw.limits == "observe") config.limits_mode = streams::LimitsMode::kObserve;
  if (raw.limits == "enforce") config.limits_mode = streams::LimitsMode::kEnforce;
  config.subscriptions.life = raw.subscription_life;
  config.subscriptions.takeover_after = raw.subscription_takeover;
  config.catalogue.load_window = std::chrono::ceil<std::chrono::seconds>(raw.on_demand_window);
  const std::size_t usual_budget_mib = config.is_ephemeral ? 1024 : 128;
  config.memory_budget_bytes =
      (raw.memory_budget_mib == 0 ? usual_budget_mib : raw.memory_budget_mib) * kMib;
  config.disk_budget_bytes = raw.disk_budget_mib * kMib;
  config.limits.inflight_bytes_max = raw.inflight_budget_mib * kMib;
  config.limits.answer_bytes_max = raw.answer_budget_mib * kMib;
  config.limits.idle_timeout = raw.idle_timeout;
  config.limits.header_timeout = raw.read_timeout;
  config.limits.read_timeout = config.limits.header_timeout;
  const bool verifies = raw.auth == "verify";
  if (verifies == raw.auth_keys.empty()) {
    return fail(kBadConfig, "--auth verify requires --auth-keys, and vice versa");
  }
  config.auth_keys = raw.auth_keys;
  config.has_control = raw.control == "on";
  if (raw.tls == "only") config.tls.mode = net::TlsMode::kTlsOnly;
  if (raw.tls == "off") config.tls.mode = net::TlsMode::kPlainOnly;
  if (raw.tls_certificate.empty() != raw.tls_key.empty()) {
    return fail(kBadConfig, "--tls-cert requires --tls-key, and vice versa");
  }
  config.tls.certificate = raw.tls_certificate;
  config.tls.key = raw.tls_key;
  config.ready_file = raw.ready_file;
  for (const std::string& name : config.tls.names) {
    if (net::is_certificate_name(name)) continue;
    return fail(kBadConfig, "--tls-name: \"" + name + "\" is neither a DNS name nor an address");
  }
  for (const std::string& delay : all_of(raw.delays)) {
    TRY(parse_delay(delay, config.catalogue.delays));
  }
  std::vector<std::string> wanted = raw.streams;
  if (wanted.empty()) {
    // The name another emulator's images have for it, for drop-in use.
    if (const char* other = std::getenv("INITIALIZE_STREAMS")) wanted = {other};
  }
  auto streams = parse_initial_streams(all_of(wanted));
  if (!streams) return std::unexpected(streams.error());
  config.streams = std::move(*streams);
  std::set<std::string> regions = {config.defaults.region};
  for (const InitialStream& stream : config.streams) {
    if (!stream.region.empty()) regions.insert(stream.region);
  }
  for (const std::string& region : regions) {
    if (looks_like_region(region)) continue;
    config.warnings.push_back(
        "region \"" + region +
        "\" is not an AWS region: only clients that use this name find its streams");
  }
  return config;
}

}  // namespace millrace::app
