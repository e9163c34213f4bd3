// Tells whoever started the server that it is ready: by a file, a line on standard output, a line
// of the log.

#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <string>

#include "app/ready_file.h"
#include "base/error.h"
#include "net/async.h"

namespace spdlog {
class logger;  // NOLINT(readability-identifier-naming): its name.
}

namespace millrace::app {

// Used by the thread of `executor`.
class ReadyNotice {
 public:
  // `file` may be nothing; with `prints` the line of the file goes to standard output too, whatever
  // the level of the log. `log` outlives this.
  ReadyNotice(const net::Executor& executor, std::optional<ReadyFile> file, bool prints,
              spdlog::logger& log);

  // Errors: kBadReadyFile.
  [[nodiscard]] Result<void> prepare(const ReadyFacts& facts);

  // Gives the notice once `time_left` is nothing any more.
  void give_after(std::function<std::chrono::milliseconds()> time_left);

  // Takes the file away: the server is about to stop.
  void withdraw() { file_.reset(); }

 private:
  void give();

  net::Timer timer_;
  std::optional<ReadyFile> file_;
  const bool prints_;
  spdlog::logger& log_;
  std::string line_;
};

}  // namespace millrace::app
