#include "server/log.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <ctime>
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

#include "api/json.h"

namespace millrace::server {
namespace {

using SteadyClock = std::chrono::steady_clock;

// Lines that come within this are written together.
constexpr std::chrono::milliseconds kGatherTime{20};
constexpr std::chrono::milliseconds kPollTime{100};
constexpr std::chrono::milliseconds kLastWordsTime{200};

// A pipe that polls writable takes so many bytes without blocking (POSIX).
constexpr std::size_t kChunkBytes = 4096;

// 2026-11-23T10:41:53.123Z. Log lines show the machine's time, whatever the streams' clock says.
std::string wall_time() {
  const auto now = std::chrono::floor<std::chrono::milliseconds>(std::chrono::system_clock::now());
  const std::time_t seconds = std::chrono::system_clock::to_time_t(now);
  std::tm parts{};
  ::gmtime_r(&seconds, &parts);
  std::array<char, 32> text{};
  const std::size_t length = std::strftime(text.data(), text.size(), "%Y-%m-%dT%H:%M:%S", &parts);
  const auto millis = now.time_since_epoch().count() % 1000;
  std::string out(text.data(), length);
  out += '.';
  out += std::to_string(1000 + millis).substr(1);
  out += 'Z';
  return out;
}

void add_json_text(std::string& line, std::string_view name, std::string_view value) {
  line += line.empty() ? "{" : ",";
  api::append_json_string(line, name);
  line += ':';
  api::append_json_string(line, value);
}

void add_json_number(std::string& line, std::string_view name, std::string_view value) {
  line += ',';
  api::append_json_string(line, name);
  line += ':';
  line += value;
}

// A client's bytes as they may stand in a line of text.
std::string printable(std::string_view text) {
  std::string out(text);
  std::ranges::replace_if(out, [](unsigned char c) { return c < 0x21 || c > 0x7e; }, '?');
  return out;
}

// A JSON line is UTF-8 whatever a client sent.
std::string json_safe(std::string_view text) { return printable(text); }

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
    lock.unlock();
    pollfd ready{descriptor_, POLLOUT, 0};
    if (::poll(&ready, 1, static_cast<int>(kPollTime.count())) > 0) {
      const ssize_t count = ::write(descriptor_, taken.data(), std::min(taken.size(), kChunkBytes));
      // A descriptor that nobody reads any more takes no lines; they are not kept for it.
      taken.erase(0, count > 0 ? static_cast<std::size_t>(count) : taken.size());
    }
    lock.lock();
  }
}

std::shared_ptr<spdlog::logger> make_logger(LogWriter& writer, LogFormat format,
                                            const std::string& level) {
  auto logger =
      std::make_shared<spdlog::logger>("millrace", std::make_shared<WriterSink>(writer, format));
  logger->set_level(spdlog::level::from_str(level));
  return logger;
}

void AccessLog::write(const AccessEntry& entry) {
  if (!is_on_) return;
  const auto micros = std::chrono::duration_cast<std::chrono::microseconds>(entry.duration);
  const std::string duration_ms = std::to_string(micros.count() / 1000) + "." +
                                  std::to_string(1000 + micros.count() % 1000).substr(1);
  std::string line;
  if (format_ == LogFormat::kJson) {
    add_json_text(line, "time", wall_time());
    add_json_text(line, "peer", entry.peer);
    add_json_text(line, "protocol", entry.protocol);
    add_json_text(line, "method", json_safe(entry.method));
    add_json_text(line, "path", json_safe(entry.path));
    add_json_text(line, "operation", entry.operation);
    add_json_text(line, "form", entry.form);
    add_json_number(line, "status", std::to_string(entry.status));
    add_json_text(line, "error", entry.error);
    add_json_number(line, "request_bytes", std::to_string(entry.request_bytes));
    add_json_number(line, "response_bytes", std::to_string(entry.response_bytes));
    add_json_number(line, "duration_ms", duration_ms);
    add_json_text(line, "request_id", entry.request_id);
    line += '}';
  } else {
    line = wall_time() + " " + std::string(entry.peer) + " " + std::string(entry.protocol) + " ";
    line += entry.operation.empty() ? printable(entry.method) + " " + printable(entry.path)
                                    : std::string(entry.operation) + " " + std::string(entry.form);
    line += " " + std::to_string(entry.status);
    if (!entry.error.empty()) line += " " + std::string(entry.error);
    line += " " + std::to_string(entry.request_bytes) + "B " +
            std::to_string(entry.response_bytes) + "B " + duration_ms + "ms " +
            std::string(entry.request_id);
  }
  line += '\n';
  writer_.write(line);
}

}  // namespace millrace::server
