// The file that tells programs that a server is ready, and where.
//
// One line of JSON: {"endpoint": URL, "endpoints": [URL, …], "ca": PEM or null, "pid": number,
// "started": number, "version": text}. It is there from when the server is ready until a stop
// begins.

#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include <sys/types.h>

#include "base/error.h"
#include "net/endpoint.h"

namespace millrace::app {

inline constexpr ErrorCode kBadReadyFile{"bad_ready_file"};

struct ReadyFacts {
  std::vector<net::Endpoint> endpoints;  // At least one; the first is the one to use.
  std::string ca;  // What TLS clients are to trust, PEM; empty: not of our making.
  pid_t pid = 0;
  std::uint64_t started =
      0;  // Ticks from the machine's start to the process's: pids are used again.
  std::string version;
};

// Of this process.
[[nodiscard]] ReadyFacts facts_of_this(std::vector<net::Endpoint> endpoints, std::string ca);

// The line, without its end.
[[nodiscard]] std::string to_json(const ReadyFacts& facts);

// Errors: kBadReadyFile, with a sentence for people: there is no such file, it is not a
// server's or another user's, or its process is gone.
[[nodiscard]] Result<ReadyFacts> read_ready_file(const std::filesystem::path& path);

// Nobody else may read it, and a link in its place is not followed.
class ReadyFile {
 public:
  // Removes what a server left that is gone. Errors: kBadReadyFile, with a sentence for people:
  // what is there is no ready file, or it cannot be removed.
  [[nodiscard]] static Result<ReadyFile> open(const std::filesystem::path& path);

  ReadyFile(ReadyFile&& other) noexcept;
  ReadyFile& operator=(ReadyFile&&) = delete;

  // Removes the file, unless another server's is there by now.
  ~ReadyFile();

  // Writes `facts` to a file beside it, which publish() gives its name. Errors: kBadReadyFile, with
  // a sentence for people.
  [[nodiscard]] Result<void> prepare(const ReadyFacts& facts);
  [[nodiscard]] Result<void> publish();

 private:
  explicit ReadyFile(std::filesystem::path path) : path_(std::move(path)) {}

  std::filesystem::path path_;  // Empty: this has been moved from.
};

}  // namespace millrace::app
