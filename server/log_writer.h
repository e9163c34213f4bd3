// Lines for people and machines, written by a thread of its own so that a reader who stopped
// reading never stops the server.

#pragma once

#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>

namespace millrace::server {

// Gathers lines and writes them to a descriptor. Beyond kPendingBytesMax lines are dropped and
// counted.
class LogWriter {
 public:
  static constexpr std::size_t kPendingBytesMax = 1UL << 20U;

  explicit LogWriter(int descriptor);
  LogWriter(const LogWriter&) = delete;
  LogWriter& operator=(const LogWriter&) = delete;

  // Writes what is pending, for at most a fifth of a second.
  ~LogWriter();

  // `line` ends in a newline. Thread-safe, never blocks on the descriptor.
  void write(std::string_view line);

  // Returns when all lines up to now are written, after a fifth of a second at the latest.
  void flush();

  [[nodiscard]] std::uint64_t dropped() const;

 private:
  void run();

  const int descriptor_;
  mutable std::mutex mutex_;
  std::condition_variable wake_;
  std::string pending_;
  std::uint64_t dropped_ = 0;
  bool is_stopping_ = false;
  bool is_writing_ = false;
  std::condition_variable idle_;
  std::thread thread_;
};

}  // namespace millrace::server
