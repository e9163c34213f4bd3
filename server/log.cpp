#include "server/log.h"

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>

#include <poll.h>
#include <spdlog/logger.h>
#include <spdlog/sinks/base_sink.h>
#include <sys/poll.h>
#include <sys/types.h>
#include <unistd.h>

#include "server/log_line.h"

namespace millrace::server {
namespace {

using SteadyClock = std::chrono::steady_clock;

// Lines that come within this are written together.
constexpr std::chrono::milliseconds kGatherTime{20};
constexpr std::chrono::milliseconds kPollTime{100};
constexpr std::chrono::milliseconds kLastWordsTime{200};

// A pipe that polls writable takes so many bytes without blocking (POSIX).
constexpr std::size_t kChunkBytes = 4096;

class WriterSink final : public spdlog::sinks::base_sink<std::mutex> {
 public:
  WriterSink(LogWriter& writer, LogFormat format) : writer_(writer), format_(format) {}

 protected:
  void sink_it_(const spdlog::details::log_msg& message) override {
    const auto level = spdlog::level::to_string_view(message.level);
    const std::string_view level_text(level.data(), level.size());
    const std::string_view text(message.payload.data(), message.payload.size());
    std::string line;
    if (format_ == LogFormat::kJson) {
      add_json_text(line, "time", wall_time());
      add_json_text(line, "level", level_text);
      add_json_text(line, "message", text);
      line += '}';
    } else {
      line = wall_time() + " " + std::string(level_text) + ": " + std::string(text);
    }
    line += '\n';
    writer_.write(line);
  }
  void flush_() override {}

 private:
  LogWriter& writer_;
  const LogFormat format_;
};

}  // namespace

LogWriter::LogWriter(int descriptor) : descriptor_(descriptor), thread_([this] { run(); }) {}

LogWriter::~LogWriter() {
  {
    const std::lock_guard lock(mutex_);
    is_stopping_ = true;
  }
  wake_.notify_one();
  thread_.join();
}

void LogWriter::flush() {
  std::unique_lock lock(mutex_);
  idle_.wait_for(lock, kLastWordsTime, [this] { return pending_.empty() && !is_writing_; });
}

void LogWriter::write(std::string_view line) {
  const std::lock_guard lock(mutex_);
  if (pending_.size() + line.size() > kPendingBytesMax) {
    ++dropped_;
    return;
  }
  if (pending_.empty()) wake_.notify_one();
  pending_ += line;
}

std::uint64_t LogWriter::dropped() const {
  const std::lock_guard lock(mutex_);
  return dropped_;
}

void LogWriter::run() {
  std::string taken;
  auto give_up = SteadyClock::time_point::max();
  std::unique_lock lock(mutex_);
  for (;;) {
    if (is_stopping_) give_up = std::min(give_up, SteadyClock::now() + kLastWordsTime);
    if (taken.empty()) {
      wake_.wait(lock, [this] { return is_stopping_ || !pending_.empty(); });
      if (pending_.empty()) return;
      if (!is_stopping_) wake_.wait_for(lock, kGatherTime, [this] { return is_stopping_; });
      std::swap(taken, pending_);
    }
    if (SteadyClock::now() > give_up) return;
    is_writing_ = true;
    lock.unlock();
    pollfd ready{descriptor_, POLLOUT, 0};
    if (::poll(&ready, 1, static_cast<int>(kPollTime.count())) > 0) {
      const ssize_t count = ::write(descriptor_, taken.data(), std::min(taken.size(), kChunkBytes));
      // A descriptor that nobody reads any more takes no lines; they are not kept for it.
      taken.erase(0, count > 0 ? static_cast<std::size_t>(count) : taken.size());
    }
    lock.lock();
    is_writing_ = !taken.empty();
    if (!is_writing_) idle_.notify_all();
  }
}

std::shared_ptr<spdlog::logger> make_logger(LogWriter& writer, LogFormat format,
                                            const std::string& level) {
  auto logger =
      std::make_shared<spdlog::logger>("millrace", std::make_shared<WriterSink>(writer, format));
  logger->set_level(spdlog::level::from_str(level));
  return logger;
}

}  // namespace millrace::server
