#include "server/config.h"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <iostream>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <CLI/CLI.hpp>

#include "base/error.h"
#include "millrace_version.h"
#include "server/access_log.h"
#include "server/log.h"
#include "server/tls.h"
#include "server/tls_certificate.h"
#include "storage/syncer.h"
#include "streams/catalogue.h"
#include "streams/quota.h"
#include "streams/stream_key.h"

namespace millrace::server {
namespace {

constexpr std::size_t kMib = 1UL << 20U;

// What the options are parsed into before they become a Config.
struct Raw {
  Config config;
  std::string data_dir;
  std::string fsync = "interval";
  std::int64_t fsync_interval_ms = 100;
  std::vector<std::string> delays;
  std::string streams;
  std::string limits = "off";
  std::string auth = "presence";
  std::string auth_keys;
  std::string tls = "on";
  std::string tls_certificate;
  std::string tls_key;
  std::int64_t on_demand_window_s = 60;
  std::int64_t subscription_life_ms = 300'000;
  std::int64_t subscription_takeover_ms = 5'000;
  std::string log_format = "text";
  std::string access_log = "errors";
  std::int64_t slow_request_ms = 1000;
  std::size_t memory_budget_mib = 0;  // As is usual for where records are kept.
  std::size_t disk_budget_mib = 0;
  std::size_t inflight_budget_mib = 256;
  std::size_t answer_budget_mib = 256;
  std::int64_t idle_timeout_s = 60;
  std::int64_t read_timeout_s = 10;
};

std::string default_data_dir() {
  if (const char* data = std::getenv("XDG_DATA_HOME"); data != nullptr && *data != '\0') {
    return std::string(data) + "/millrace";
  }
  const char* home = std::getenv("HOME");
  return std::string(home != nullptr && *home != '\0' ? home : ".") + "/.local/share/millrace";
}

void add_options(CLI::App& app, Raw& raw) {
  Config& config = raw.config;
  const auto env = [](CLI::Option* option, const std::string& name) {
    return option->envname("MILLRACE_" + name);
  };
  app.set_config("--config", "", "Read options from this file: lines of name=value")
      ->envname("MILLRACE_CONFIG");
  app.allow_config_extras(CLI::config_extras_mode::error);

  env(app.add_option("--port", config.port, "Port to listen on; 0 takes a free one and prints it")
          ->capture_default_str(),
      "PORT");
  env(app.add_option("--listen", config.listen,
                     "Address to listen on; may be given several times. Default: 127.0.0.1 and ::1")
          ->delimiter(','),
      "LISTEN");
  env(app.add_option("--data-dir", raw.data_dir,
                     "Directory of the data; made if missing. Default: "
                     "$XDG_DATA_HOME/millrace, else ~/.local/share/millrace"),
      "DATA_DIR");
  env(app.add_flag("--ephemeral", config.is_ephemeral,
                   "Keep everything in memory and write no file"),
      "EPHEMERAL");
  env(app.add_option(
             "--fsync", raw.fsync,
             "When a write reaches the device: always (before its answer), interval, never. "
             "kill -9 loses nothing in any of them")
          ->check(CLI::IsMember({"always", "interval", "never"}))
          ->capture_default_str(),
      "FSYNC");
  env(app.add_option("--fsync-interval", raw.fsync_interval_ms,
                     "Milliseconds between syncs with --fsync interval; a power cut loses at most "
                     "these")
          ->check(CLI::Range(1, 60'000))
          ->capture_default_str(),
      "FSYNC_INTERVAL");
  env(app.add_option("--region", config.defaults.region, "Region of requests that do not name one")
          ->check([](const std::string& text) {
            return streams::is_region(text) ? std::string{}
                                            : "a region has 1 to 64 characters of a-z, 0-9 and -";
          })
          ->capture_default_str(),
      "REGION");
  env(app.add_option("--account", config.defaults.account,
                     "Account (12 digits) of requests whose access key id is none")
          ->check([](const std::string& text) {
            const bool ok =
                text.size() == 12 && text.find_first_not_of("0123456789") == std::string::npos;
            return ok ? std::string{} : "an account has 12 digits";
          })
          ->capture_default_str(),
      "ACCOUNT");
  env(app.add_option("--streams", raw.streams,
                     "Streams to make at start: name:shards:region,… (shards default 4, region "
                     "that of --region); also read from INITIALIZE_STREAMS"),
      "STREAMS");
  env(app.add_option("--transition-delay", raw.delays,
                     "How long streams and consumers stay in CREATING, DELETING, UPDATING: "
                     "milliseconds, or create=, delete=, reshard=, update=, consumer= and "
                     "milliseconds. Default: 0")
          ->delimiter(','),
      "TRANSITION_DELAY");
  env(app.add_option("--limits", raw.limits,
                     "The service's limits on throughput, calls and counts: off, observe (count "
                     "in /metrics what is over them) or enforce")
          ->check(CLI::IsMember({"off", "observe", "enforce"}))
          ->capture_default_str(),
      "LIMITS");
  env(app.add_option("--shard-limit", config.catalogue.account_shards_max,
                     "Shards an account may have in a region, shown by DescribeLimits and "
                     "enforced with --limits enforce")
          ->check(CLI::Range(1, 1'000'000))
          ->capture_default_str(),
      "SHARD_LIMIT");
  env(app.add_option("--on-demand-window", raw.on_demand_window_s,
                     "Seconds of load that decide whether shards of on-demand streams split")
          ->check(CLI::Range(1, 3'600))
          ->capture_default_str(),
      "ON_DEMAND_WINDOW");
  env(app.add_option("--subscription-life", raw.subscription_life_ms,
                     "Milliseconds from a SubscribeToShard to the end of its events")
          ->check(CLI::Range(1, 86'400'000))
          ->capture_default_str(),
      "SUBSCRIPTION_LIFE");
  env(app.add_option(
             "--subscription-takeover", raw.subscription_takeover_ms,
             "Milliseconds after which another SubscribeToShard of the same consumer to the "
             "same shard takes over; before, it is refused")
          ->check(CLI::Range(0, 86'400'000))
          ->capture_default_str(),
      "SUBSCRIPTION_TAKEOVER");
  env(app.add_flag("--enforce-policies", config.enforces_policies,
                   "Let other accounts use a stream or a consumer only as its resource policy "
                   "allows"),
      "ENFORCE_POLICIES");
  env(app.add_option("--auth", raw.auth,
                     "What is asked of a request's signature: presence (it is there) or verify "
                     "(it is right, by a key of --auth-keys)")
          ->check(CLI::IsMember({"presence", "verify"}))
          ->capture_default_str(),
      "AUTH");
  env(app.add_option("--auth-keys", raw.auth_keys,
                     "File of the keys for --auth verify: lines of access key id and secret access "
                     "key, readable for its owner only"),
      "AUTH_KEYS");
  env(app.add_option("--tls", raw.tls,
                     "TLS on the port: on (beside plain connections), only (plain ones are "
                     "refused) or off")
          ->check(CLI::IsMember({"on", "only", "off"}))
          ->capture_default_str(),
      "TLS");
  env(app.add_option("--tls-name", config.tls.names,
                     "DNS name or address that the made certificate is for, besides local ones; "
                     "the first label may be *")
          ->delimiter(','),
      "TLS_NAME");
  env(app.add_option(
          "--tls-cert", raw.tls_certificate,
          "File of the certificate and its chain, PEM. Without it a certificate is made; "
          "`millrace cert` prints what to trust then"),
      "TLS_CERT");
  env(app.add_option("--tls-key", raw.tls_key,
                     "File of the key of --tls-cert, PEM, readable for its owner only"),
      "TLS_KEY");
  env(app.add_option("--allow-host", config.allow_hosts,
                     "Host name that requests may be addressed to, besides local ones")
          ->delimiter(','),
      "ALLOW_HOST");
  env(app.add_option("--allow-origin", config.allow_origins,
                     "Origin of web pages that may call the server; * allows all")
          ->delimiter(','),
      "ALLOW_ORIGIN");
  env(app.add_option("--threads", config.threads,
                     "Threads that serve connections; 0 takes one per core, at most eight")
          ->check(CLI::Range(0, 64))
          ->capture_default_str(),
      "THREADS");
  env(app.add_option("--connections-max", config.limits.connections_max,
                     "Connections served at a time; more are closed at once")
          ->check(CLI::Range(1, 1'000'000))
          ->capture_default_str(),
      "CONNECTIONS_MAX");
  env(app.add_option("--idle-timeout", raw.idle_timeout_s,
                     "Seconds a connection may wait for its next request before it is closed")
          ->check(CLI::Range(1, 86'400))
          ->capture_default_str(),
      "IDLE_TIMEOUT");
  env(app.add_option("--read-timeout", raw.read_timeout_s,
                     "Seconds for the head of a request, and between two bytes of its body")
          ->check(CLI::Range(1, 3'600))
          ->capture_default_str(),
      "READ_TIMEOUT");
  env(app.add_option("--inflight-budget", raw.inflight_budget_mib,
                     "MiB that all request bodies together may take, a connection's a quarter of "
                     "it. Who has sent nothing for longest is ended first, then more are answered "
                     "503")
          ->check(CLI::Range(16, 1'048'576))
          ->capture_default_str(),
      "INFLIGHT_BUDGET");
  env(app.add_option("--answer-budget", raw.answer_budget_mib,
                     "MiB that all answers together may take until they are read, a connection's a "
                     "quarter of it. GetRecords then answers with fewer records, who has read "
                     "nothing for longest is ended, and more are answered 503")
          ->check(CLI::Range(16, 1'048'576))
          ->capture_default_str(),
      "ANSWER_BUDGET");
  env(app.add_option(
             "--memory-budget", raw.memory_budget_mib,
             "MiB of memory for records. With --ephemeral what it may hold, more are refused; "
             "else for writes on their way to files and for a cache. Default: 1024 with "
             "--ephemeral, else 128")
          ->check(CLI::Range(16, 1'048'576)),
      "MEMORY_BUDGET");
  env(app.add_option("--disk-budget", raw.disk_budget_mib,
                     "MiB that the data directory may take before records are refused; 0 is as "
                     "much as the disk has")
          ->check(CLI::Range(std::size_t{0}, std::size_t{1} << 30U))
          ->capture_default_str(),
      "DISK_BUDGET");
  env(app.add_option("--log-format", raw.log_format, "Form of log lines: text or json")
          ->check(CLI::IsMember({"text", "json"}))
          ->capture_default_str(),
      "LOG_FORMAT");
  env(app.add_option("--log-level", config.log_level, "debug, info, warning, error or off")
          ->check(CLI::IsMember({"debug", "info", "warning", "error", "off"}))
          ->capture_default_str(),
      "LOG_LEVEL");
  env(app.add_option("--access-log", raw.access_log,
                     "Lines for requests: errors (those that failed by the server's fault, were "
                     "refused at the door or for their signature, are no well-formed HTTP, or took "
                     "longer than --slow-request), all (on is the same) or off")
          ->check(CLI::IsMember({"errors", "all", "on", "off"}))
          ->capture_default_str(),
      "ACCESS_LOG");
  env(app.add_option("--slow-request", raw.slow_request_ms,
                     "Milliseconds to the first byte of an answer beyond which --access-log errors "
                     "has a line for it")
          ->check(CLI::Range(1, 86'400'000))
          ->capture_default_str(),
      "SLOW_REQUEST");
}

Result<Config> to_config(Raw raw) {
  Config config = std::move(raw.config);
  config.data_dir = raw.data_dir.empty() ? default_data_dir() : raw.data_dir;
  if (raw.fsync == "always") config.fsync = storage::Fsync::kAlways;
  if (raw.fsync == "never") config.fsync = storage::Fsync::kNever;
  config.fsync_interval = std::chrono::milliseconds(raw.fsync_interval_ms);
  if (raw.log_format == "json") config.log_format = LogFormat::kJson;
  if (raw.access_log == "off") config.access_log.mode = AccessLogMode::kOff;
  if (raw.access_log == "all" || raw.access_log == "on") {
    config.access_log.mode = AccessLogMode::kAll;
  }
  config.access_log.slow_request = std::chrono::milliseconds(raw.slow_request_ms);
  if (raw.limits == "observe") config.limits_mode = streams::LimitsMode::kObserve;
  if (raw.limits == "enforce") config.limits_mode = streams::LimitsMode::kEnforce;
  config.subscriptions.life = std::chrono::milliseconds(raw.subscription_life_ms);
  config.subscriptions.takeover_after = std::chrono::milliseconds(raw.subscription_takeover_ms);
  config.catalogue.load_window = std::chrono::seconds(raw.on_demand_window_s);
  const std::size_t usual_budget_mib = config.is_ephemeral ? 1024 : 128;
  config.memory_budget_bytes =
      (raw.memory_budget_mib == 0 ? usual_budget_mib : raw.memory_budget_mib) * kMib;
  config.disk_budget_bytes = raw.disk_budget_mib * kMib;
  config.limits.inflight_bytes_max = raw.inflight_budget_mib * kMib;
  config.limits.answer_bytes_max = raw.answer_budget_mib * kMib;
  config.limits.idle_timeout = std::chrono::seconds(raw.idle_timeout_s);
  config.limits.header_timeout = std::chrono::seconds(raw.read_timeout_s);
  config.limits.read_timeout = config.limits.header_timeout;
  const bool verifies = raw.auth == "verify";
  if (verifies == raw.auth_keys.empty()) {
    return fail(kBadConfig, "--auth verify and --auth-keys FILE are given together or not at all");
  }
  config.auth_keys = std::move(raw.auth_keys);
  if (raw.tls == "only") config.tls.mode = TlsMode::kTlsOnly;
  if (raw.tls == "off") config.tls.mode = TlsMode::kPlainOnly;
  if (raw.tls_certificate.empty() != raw.tls_key.empty()) {
    return fail(kBadConfig, "--tls-cert and --tls-key are given together or not at all");
  }
  config.tls.certificate = std::move(raw.tls_certificate);
  config.tls.key = std::move(raw.tls_key);
  for (const std::string& name : config.tls.names) {
    if (is_certificate_name(name)) continue;
    return fail(kBadConfig, "--tls-name: \"" + name + "\" is no DNS name and no address");
  }
  for (const std::string& delay : raw.delays) {
    if (auto parsed = parse_delay(delay, config.catalogue.delays); !parsed) {
      return std::unexpected(parsed.error());
    }
  }
  if (raw.streams.empty()) {
    // The name another emulator's images have for it, for drop-in use.
    if (const char* other = std::getenv("INITIALIZE_STREAMS")) raw.streams = other;
  }
  auto streams = parse_initial_streams(raw.streams);
  if (!streams) return std::unexpected(streams.error());
  config.streams = std::move(*streams);
  return config;
}

constexpr std::string_view kUsage =
    "millrace: a server that speaks the Kinesis Data Streams protocol\n"
    "\n"
    "  millrace serve    serve until SIGTERM or SIGINT (millrace serve --help lists the options)\n"
    "  millrace health   ask a running server whether it is ready; exit status 0 if it is\n"
    "  millrace check    look for damage in a data directory that no server uses\n"
    "  millrace cert     print the certificate that TLS clients are to trust, and how they do it\n"
    "  millrace --version\n";

std::unique_ptr<CLI::App> make_app(const std::string& name, const std::string& about, Raw& raw) {
  auto app = std::make_unique<CLI::App>(about, name);
  add_options(*app, raw);
  return app;
}

}  // namespace

CommandLine parse_command_line(int argc, char** argv) {
  const std::string_view word = argc > 1 ? argv[1] : "";
  CommandLine line;
  if (word == "--version" || word == "version") {
    std::cout << "millrace " << kVersion << "\n";
    return line;
  }
  if (word == "serve") line.command = Command::kServe;
  if (word == "health") line.command = Command::kHealth;
  if (word == "check") line.command = Command::kCheck;
  if (word == "cert") line.command = Command::kCertificate;
  if (line.command == Command::kDone) {
    const bool is_help = word.empty() || word == "--help" || word == "-h" || word == "help";
    (is_help ? std::cout : std::cerr)
        << (is_help ? "" : "unknown command: " + std::string(word) + "\n\n") << kUsage;
    line.exit_status = is_help ? 0 : 2;
    return line;
  }
  Raw raw;
  const auto app = make_app("millrace " + std::string(word),
                            "Options may also come from the environment (MILLRACE_PORT for "
                            "--port, and so on) and from a file given with --config.",
                            raw);
  try {
    app->parse(argc - 1, argv + 1);
  } catch (const CLI::ParseError& error) {
    line.command = Command::kDone;
    line.exit_status = app->exit(error) == 0 ? 0 : 2;
    return line;
  }
  auto config = to_config(std::move(raw));
  if (!config) {
    std::cerr << config.error().message << "\n";
    line.command = Command::kDone;
    line.exit_status = 2;
    return line;
  }
  line.config = std::move(*config);
  return line;
}

std::string configuration_page() {
  Raw raw;
  const auto app = make_app("millrace serve", "", raw);
  std::string page =
      "# Configuration\n\n"
      "Made from the options themselves by `./dev docs`; a test keeps it true. An option on the\n"
      "command line wins over the file given with `--config`, the file over the "
      "environment.\n\n"
      "| option | environment | default | meaning |\n| --- | --- | --- | --- |\n";
  for (const CLI::Option* option : app->get_options()) {
    if (option->get_envname().empty()) continue;
    page += "| `" + option->get_name() + "` | `" + option->get_envname() + "` | ";
    if (!option->get_default_str().empty()) page += "`" + option->get_default_str() + "`";
    page += " | " + option->get_description() + " |\n";
  }
  page +=
      "\nThe port of `millrace health` and the directory of `millrace check` and `millrace cert` "
      "are\n"
      "the same options.\n";
  return page;
}

}  // namespace millrace::server
