// Everything that is read at start: options, the file given with --config, the file of access keys.
// What is wrong is told in a line and ends the start; what is taken is within its bounds.
//
// The lines of an input that come first and begin with "--" are options; the rest is the file.

#include "app/config.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <iostream>
#include <sstream>
#include <streambuf>
#include <string>
#include <string_view>
#include <vector>

#include <sys/mman.h>
#include <sys/types.h>
#include <unistd.h>

#include "app/config_values.h"
#include "aws/access_keys.h"
#include "net/limits.h"
#include "tests/fuzz/fuzz.h"

namespace millrace::fuzz {
namespace {

// Keeps what is written to a stream while it lives.
class Captured {
 public:
  explicit Captured(std::ostream& stream) : stream_(stream), before_(stream.rdbuf(text_.rdbuf())) {}
  Captured(const Captured&) = delete;
  Captured& operator=(const Captured&) = delete;
  ~Captured() { stream_.rdbuf(before_); }

  [[nodiscard]] std::string text() const { return text_.str(); }

 private:
  std::ostringstream text_;
  std::ostream& stream_;
  std::streambuf* before_;
};

// A file without a place on a disk; its name is the same for every input.
const std::string& file_with(std::string_view text) {
  static const int kFile = ::memfd_create("config", MFD_CLOEXEC);
  static const std::string kPath = "/proc/self/fd/" + std::to_string(kFile);
  require(kFile >= 0 && ::ftruncate(kFile, 0) == 0);
  const ssize_t written = ::pwrite(kFile, text.data(), text.size(), 0);
  require(written == static_cast<ssize_t>(text.size()));
  return kPath;
}

template <class T>
bool is_within(T value, T min, T max) {
  return min <= value && value <= max;
}

void check_taken(const app::Config& config) {
  using std::chrono::hours;
  using std::chrono::milliseconds;
  using std::chrono::seconds;
  const net::Limits& limits = config.limits;
  require(is_within<milliseconds>(config.fsync_interval, milliseconds(1), seconds(60)));
  require(config.threads <= 64);
  require(!config.ports.empty());
  require(is_within<std::size_t>(limits.connections_max, 1, 1'000'000));
  require(is_within<milliseconds>(limits.idle_timeout, seconds(1), hours(24)));
  require(is_within<milliseconds>(limits.read_timeout, seconds(1), hours(1)));
  require(is_within<std::size_t>(limits.inflight_bytes_max >> 20U, 16, 1'048'576));
  require(is_within<std::size_t>(config.memory_budget_bytes >> 20U, 16, 1'048'576));
  require(is_within<milliseconds>(config.subscriptions.life, milliseconds(1), hours(24)));
  require(is_within<milliseconds>(config.subscriptions.takeover_after, milliseconds(0), hours(24)));
  require(is_within<seconds>(config.catalogue.load_window, seconds(1), hours(1)));
  require(is_within<std::size_t>(config.catalogue.account_shards_max, 1, 1'000'000));
  for (const milliseconds delay : {config.catalogue.delays.create, config.catalogue.delays.remove,
                                   config.catalogue.delays.reshard, config.catalogue.delays.update,
                                   config.catalogue.delays.consumer}) {
    require(is_within<milliseconds>(delay, milliseconds(0), hours(1)));
  }
  require(config.defaults.account.size() == 12);
  require(!config.data_dir.empty());
  require(config.tls.certificate.empty() == config.tls.key.empty());
  const std::array<std::string_view, 5> levels = {"debug", "info", "warning", "error", "off"};
  require(std::ranges::count(levels, config.log_level) == 1);
  for (const app::InitialStream& stream : config.streams) {
    require(!stream.name.empty() && is_within<std::size_t>(stream.shard_count, 1, 10'000));
  }
}

void read_command_line(const std::vector<std::string>& options, std::string_view file) {
  std::vector<std::string> words = {"millrace", "serve", "--config=" + file_with(file)};
  words.insert(words.end(), options.begin(), options.end());
  std::vector<char*> argv;
  argv.reserve(words.size());
  for (std::string& word : words) argv.push_back(word.data());
  const Captured out(std::cout);
  const Captured err(std::cerr);
  const app::CommandLine line = app::parse_command_line(static_cast<int>(argv.size()), argv.data());
  if (line.command == app::Command::kServe) {
    require(out.text().empty() && err.text().empty());
    check_taken(line.config);
  } else if (line.exit_status == 0) {
    require(!out.text().empty());  // Help was asked for.
  } else {
    require(line.exit_status == 2 && err.text().size() > 1 && err.text().ends_with('\n'));
  }
}

void read_access_keys(std::string_view text) {
  const auto keys = aws::parse_access_keys(text);
  if (!keys) {
    require(keys.error().message.starts_with("line ") ||
            keys.error().message.starts_with("there is no key"));
    return;
  }
  require(!keys->empty());
  for (const auto& [id, key] : *keys) {
    require(!id.empty() && id.find_first_of("/,= \t\r\n") == std::string::npos);
    require(!key.secret.empty() && key.secret.find_first_of(" \t\r\n") == std::string::npos);
  }
}

}  // namespace

void run(std::string_view input) {
  read_access_keys(input);
  std::vector<std::string> options;
  while (input.starts_with("--")) {
    const std::size_t end = input.find('\n');
    const std::string option(input.substr(0, end));
    input.remove_prefix(end == std::string_view::npos ? input.size() : end + 1);
    if (!option.starts_with("--config")) options.push_back(option);
  }
  read_command_line(options, input);
}

}  // namespace millrace::fuzz
