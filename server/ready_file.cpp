#include "server/ready_file.h"

#include <cerrno>
#include <csignal>
#include <cstring>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

#include <fcntl.h>
#include <nlohmann/json.hpp>
#include <sys/types.h>
#include <unistd.h>

#include "base/error.h"
#include "server/endpoint.h"
#include "storage/directory.h"

namespace millrace::server {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

Json to_value(const ReadyFacts& facts) {
  Json urls = Json::array();
  for (const Endpoint& endpoint : facts.endpoints) urls.push_back(to_url(endpoint));
  return {{"endpoint", urls.front()},
          {"endpoints", urls},
          {"ca", facts.ca.empty() ? Json(nullptr) : Json(facts.ca)},
          {"pid", facts.pid},
          {"version", facts.version}};
}

// Nothing if `text` is not what to_json() gave.
std::optional<ReadyFacts> parse(std::string_view text) {
  const Json value = Json::parse(text, nullptr, false);
  if (!value.is_object()) return std::nullopt;
  ReadyFacts facts;
  try {
    facts.pid = value.at("pid").get<pid_t>();
    facts.version = value.at("version").get<std::string>();
    if (!value.at("ca").is_null()) facts.ca = value.at("ca").get<std::string>();
    for (const Json& url : value.at("endpoints")) {
      auto endpoint = parse_endpoint(url.get<std::string>());
      if (!endpoint) return std::nullopt;
      facts.endpoints.push_back(std::move(*endpoint));
    }
  } catch (const Json::exception&) {
    return std::nullopt;
  }
  if (facts.endpoints.empty() || facts.pid <= 0) return std::nullopt;
  return facts;
}

bool is_running(pid_t pid) { return ::kill(pid, 0) == 0 || errno == EPERM; }

fs::path draft_of(const fs::path& path) { return path.string() + ".new"; }

std::unexpected<Error> refuse(const fs::path& path, const std::string& why) {
  return fail(kBadReadyFile, "ready file " + path.string() + ": " + why);
}

// What stands at `path`; nothing if there is no file or an empty one, as mktemp leaves it.
// Errors: kBadReadyFile.
Result<std::optional<ReadyFacts>> read_if_there(const fs::path& path) {
  std::error_code ignored;
  if (fs::is_symlink(path, ignored)) return refuse(path, "it is a link, which is not followed");
  const auto text = storage::read_if_there(path);
  if (!text) return refuse(path, text.error().message);
  if (!*text || (*text)->empty()) return std::nullopt;
  auto facts = parse(**text);
  if (!facts) return refuse(path, "the file there is not a server's ready file");
  return facts;
}

}  // namespace

std::string to_json(const ReadyFacts& facts) { return to_value(facts).dump(); }

Result<ReadyFacts> read_ready_file(const fs::path& path) {
  auto facts = read_if_there(path);
  if (!facts) return std::unexpected(facts.error());
  if (!*facts) return refuse(path, "it does not exist: no server is ready");
  if (!is_running((*facts)->pid)) {
    return refuse(path, "its server, process " + std::to_string((*facts)->pid) + ", is gone");
  }
  return std::move(**facts);
}

Result<ReadyFile> ReadyFile::open(const fs::path& path) {
  const auto found = read_if_there(path);
  if (!found) return std::unexpected(found.error());
  const bool is_of_another = *found && (*found)->pid != ::getpid() && is_running((*found)->pid);
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
  if (found && *found && (*found)->pid == ::getpid()) fs::remove(path_, ignored);
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
  if (::rename(draft_of(path_).c_str(), path_.c_str()) != 0) {
    return refuse(path_, std::strerror(errno));
  }
  return {};
}

}  // namespace millrace::server
