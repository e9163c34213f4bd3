#include "app/ready_notice.h"

#include <functional>
#include <iostream>
#include <optional>
#include <utility>

#include <spdlog/logger.h>

#include "app/ready_file.h"
#include "base/error.h"

namespace millrace::app {

ReadyNotice::ReadyNotice(std::optional<ReadyFile> file, bool prints, spdlog::logger& log)
    : file_(std::move(file)), prints_(prints), log_(log) {}

Result<void> ReadyNotice::prepare(const ReadyFacts& facts) {
  line_ = to_json(facts);
  if (!file_) return {};
  return file_->prepare(facts);
}

void ReadyNotice::look(const std::function<bool()>& is_ready) {
  if (is_given_ || !is_ready()) return;
  is_given_ = true;
  if (file_) {
    if (auto published = file_->publish(); !published) log_.error("{}", published.error().message);
  }
  if (prints_) std::cout << line_ << std::endl;  // Now: a program waits for it.
  log_.info("Ready.");
}

}  // namespace millrace::app
