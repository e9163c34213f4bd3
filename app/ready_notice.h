// Tells whoever started the server that it is ready: by a file, a line on standard output, a line
// of the log.

#pragma once

#include <functional>
#include <optional>
#include <string>

#include "app/ready_file.h"
#include "base/error.h"

namespace spdlog {
class logger;  // NOLINT(readability-identifier-naming): its name.
}

namespace millrace::app {

// Used by one thread.
class ReadyNotice {
 public:
  // `file` may be nothing; with `prints` the line of the file goes to standard output too, whatever
  // the level of the log. `log` outlives this.
  ReadyNotice(std::optional<ReadyFile> file, bool prints, spdlog::logger& log);

  // Errors: kBadReadyFile.
  [[nodiscard]] Result<void> prepare(const ReadyFacts& facts);

  // Gives the notice, once, if the server `is_ready` now.
  void look(const std::function<bool()>& is_ready);

  [[nodiscard]] bool is_given() const { return is_given_; }

  // Takes the file away: the server is about to stop.
  void withdraw() { file_.reset(); }

 private:
  std::optional<ReadyFile> file_;
  const bool prints_;
  spdlog::logger& log_;
  std::string line_;
  bool is_given_ = false;
};

}  // namespace millrace::app
