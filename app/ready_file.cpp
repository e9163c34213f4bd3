#include "app/ready_file.h"

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include <fcntl.h>
#include <nlohmann/json.hpp>
#include <signal.h>  // NOLINT(modernize-deprecated-headers): kill() is POSIX.
#include <sys/stat.h>
#include <sys/types.h>
#include <unistd.h>

#include "base/error.h"
#include "base/try.h"
#include "millrace_version.h"
#include "net/endpoint.h"
#include "server/process_stat.h"

namespace millrace::app {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

constexpr std::size_t kBytesMax = 64UL * 1024;

Json to_value(const ReadyFacts& facts) {
  Json urls = Json::array();
  for (const net::Endpoint& endpoint : facts.endpoints) urls.push_back(net::to_url(endpoint));
  return {{"endpoint", urls.front()},
          {"endpoints", urls},
          {"ca", facts.ca.empty() ? Json(nullptr) : Json(facts.ca)},
          {"pid", facts.pid},
          {"started", facts.started},
          {"version", facts.version}};
}

// Nothing if `text` is not what to_json() gave.
std::optional<ReadyFacts> parse(std::string_view text) {
  const Json value = Json::parse(text, nullptr, false);
  if (!value.is_object()) return std::nullopt;
  ReadyFacts facts;
  try {
    facts.pid = value.at("pid").get<pid_t>();
    facts.started = value.at("started").get<std::uint64_t>();
    facts.version = value.at("version").get<std::string>();
    if (!value.at("ca").is_null()) facts.ca = value.at("ca").get<std::string>();
    for (const Json& url : value.at("endpoints")) {
      auto endpoint = net::parse_endpoint(url.get<std::string>());
      if (!endpoint) return std::nullopt;
      facts.endpoints.push_back(std::move(*endpoint));
    }
  } catch (const Json::exception&) {
    return std::nullopt;
  }
  if (facts.endpoints.empty() || facts.pid <= 0) return std::nullopt;
  return facts;
}

// 0 where the system does not tell.
std::uint64_t start_of(pid_t pid) {
  const auto stat = server::process_stat(std::to_string(pid));
  return stat.empty() ? 0 : stat[server::kStatStartTicks];
}

bool is_running(const ReadyFacts& facts) {
  if (::kill(facts.pid, 0) != 0 && errno != EPERM) return false;
  const std::uint64_t started = start_of(facts.pid);
  return started == 0 || facts.started == 0 || started == facts.started;
}

bool is_own(const ReadyFacts& facts) {
  return facts.pid == ::getpid() && facts.started == start_of(facts.pid);
}

// Nobody else writes there.
fs::path draft_of(const fs::path& path) {
  return path.string() + "." + std::to_string(::getpid()) + ".new";
}

std::unexpected<Error> refuse(const fs::path& path, const std::string& why) {
  return fail(kBadReadyFile, "ready file " + path.string() + ": " + why);
}

// What the file holds. Errors: kBadReadyFile.
Result<std::string> read_own(int descriptor, const fs::path& path) {
  struct stat file{};
  if (::fstat(descriptor, &file) != 0) return refuse(path, std::strerror(errno));
  if (!S_ISREG(file.st_mode)) return refuse(path, "it is not a regular file");
  // Root reads those of all servers.
  if (file.st_uid != ::geteuid() && ::geteuid() != 0) {
    return refuse(path, "it belongs to another user");
  }
  std::string text(kBytesMax, '\0');
  const ssize_t count = ::read(descriptor, text.data(), text.size());
  if (count < 0) return refuse(path, std::strerror(errno));
  text.resize(static_cast<std::size_t>(count));
  return text;
}

// What stands at `path`; nullopt if there is no file, or an empty one, as mktemp leaves it.
// Errors: kBadReadyFile.
Result<std::optional<ReadyFacts>> read_if_there(const fs::path& path) {
  const int descriptor = ::open(path.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
  if (descriptor < 0 && errno == ENOENT) return std::nullopt;
  if (descriptor < 0 && errno == ELOOP) return refuse(path, "it is a link, which is not followed");
  if (descriptor < 0) return refuse(path, std::strerror(errno));
  const auto text = read_own(descriptor, path);
  ::close(descriptor);
  if (!text) return std::unexpected(text.error());
  if (text->empty()) return std::nullopt;
  auto facts = parse(*text);
  if (!facts) return refuse(path, "the file there is not a server's ready file");
  return facts;
}

}  // namespace

ReadyFacts facts_of_this(std::vector<net::Endpoint> endpoints, std::string ca) {
  const pid_t pid = ::getpid();
  return {std::move(endpoints), std::move(ca), pid, start_of(pid), std::string(kVersion)};
}

std::string to_json(const ReadyFacts& facts) { return to_value(facts).dump(); }

Result<ReadyFacts> read_ready_file(const fs::path& path) {
  auto facts = TRY(read_if_there(path));
  if (!facts) return refuse(path, "it does not exist: no server is ready");
  if (!is_running(*facts)) {
    return refuse(path, "its server, process " + std::to_string(facts->pid) + ", is gone");
  }
  return std::move(*facts);
}

Result<ReadyFile> ReadyFile::open(const fs::path& path) {
  const auto found = TRY(read_if_there(path));
  const bool is_of_another = found && !is_own(*found) && is_running(*found);
  std::error_code error;
  if (!is_of_another && !fs::remove(path, error) && error) return refuse(path, error.message());
  return ReadyFile(path);
}

ReadyFile::ReadyFile(ReadyFile&& other) noexcept : path_(std::exchange(other.path_, {})) {}

ReadyFile::~ReadyFile() {
  if (path_.empty()) return;
  std::error_code ignored;
  fs::remove(draft_of(path_), ignored);
  const auto found = read_if_there(path_);
  if (found && *found && is_own(**found)) fs::remove(path_, ignored);
}

Result<void> ReadyFile::prepare(const ReadyFacts& facts) {
  const std::string line = to_json(facts) + "\n";
  const fs::path draft = draft_of(path_);
  ::unlink(draft.c_str());
  const int descriptor =
      ::open(draft.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
  if (descriptor < 0) return refuse(path_, std::strerror(errno));
  const ssize_t written = ::write(descriptor, line.data(), line.size());
  const int reason = written < 0 ? errno : ENOSPC;
  ::close(descriptor);
  if (written != static_cast<ssize_t>(line.size())) return refuse(path_, std::strerror(reason));
  return {};
}

Result<void> ReadyFile::publish() {
  std::error_code error;
  fs::rename(draft_of(path_), path_, error);
  if (error) return refuse(path_, error.message());
  return {};
}

}  // namespace millrace::app
