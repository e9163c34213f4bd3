#include "server/log_writer.h"

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>

#include <poll.h>
#include <sys/poll.h>
#include <sys/types.h>
#include <unistd.h>

namespace millrace::server {
namespace {

using SteadyClock = std::chrono::steady_clock;

// Lines that come within this are written together.
constexpr std::chrono::milliseconds kGatherTime{20};
constexpr std::chrono::milliseconds kPollTime{100};
constexpr std::chrono::milliseconds kLastWordsTime{200};

// A pipe that polls writable takes so many bytes without blocking (POSIX).
constexpr std::size_t kChunkBytes = 4096;

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

}  // namespace millrace::server
