#include "app/ready_notice.h"

#include <chrono>
#include <functional>
#include <iostream>
#include <optional>
#include <utility>

#include <spdlog/logger.h>

#include "app/ready_file.h"
#include "base/error.h"
#include "net/async.h"

namespace millrace::app {

ReadyNotice::ReadyNotice(const net::Executor& executor, std::optional<ReadyFile> file, bool prints,
                         spdlog::logger& log)
    : timer_(executor), file_(std::move(file)), prints_(prints), log_(log) {}

Result<void> ReadyNotice::prepare(const ReadyFacts& facts) {
  line_ = to_json(facts);
  if (!file_) return {};
  return file_->prepare(facts);
}

void ReadyNotice::give_after(std::function<std::chrono::milliseconds()> time_left) {
  const auto left = time_left();
  if (left <= std::chrono::milliseconds::zero()) return give();
  timer_.expires_after(left);
  timer_.async_wait(
      [this, time_left = std::move(time_left)](const boost::system::error_code& error) mutable {
        if (!error) give_after(std::move(time_left));
      });
}

void ReadyNotice::give() {
  if (file_) {
    if (auto published = file_->publish(); !published) log_.error("{}", published.error().message);
  }
  if (prints_) std::cout << line_ << std::endl;  // Now: a program waits for it.
  log_.info("Ready.");
}

}  // namespace millrace::app
