// One line for a request, and for what was no request: for all of them, or for those that somebody
// may want to look into.
//
// No line holds what a client may keep secret: no credentials, signatures, keys or data.

#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <string_view>

#include "server/log_line.h"
#include "server/log_writer.h"

namespace millrace::server {

// At most so many lines a second; the others are counted.
class LineBudget {
 public:
  static constexpr std::size_t kLinesPerSecond = 50;
  using TimePoint = std::chrono::steady_clock::time_point;

  // Takes one line's place; returns false, and counts the line, if there is none.
  [[nodiscard]] bool take(TimePoint now);

  // Returns how many lines were left out in seconds that have passed, once.
  [[nodiscard]] std::size_t take_left_out(TimePoint now);

 private:
  TimePoint second_start_{};
  std::size_t lines_ = 0;
  std::size_t left_out_ = 0;
};

enum class AccessLogMode : std::uint8_t { kOff, kErrors, kAll };

struct AccessEntry {
  std::string_view peer = {};
  std::string_view protocol = {};
  std::string_view method = {};
  std::string_view path = {};
  std::string_view service = {};  // As signatures name it; empty if the request named no operation.
  std::string_view operation = {};  // Empty as well then.
  std::string_view form = {};       // "json", "cbor", "query" or "rpc-v2-cbor"; empty as well then.
  std::string_view request_id = {};
  int status = 0;
  std::string_view error = {};  // The service's name of the error, or empty.
  std::size_t request_bytes = 0;
  std::size_t response_bytes = 0;
  std::chrono::nanoseconds duration{};  // To the first byte of the answer.
  // Of a request that the front door refused, the fields it looked at; empty otherwise.
  std::string_view host = {};
  std::string_view origin = {};
};

// Thread-safe.
class AccessLog {
 public:
  struct Options {
    AccessLogMode mode = AccessLogMode::kErrors;
    std::chrono::milliseconds slow_request{1000};
  };

  AccessLog(LogWriter& writer, LogFormat format, const Options& options)
      : writer_(writer), format_(format), options_(options) {}

  // Why a request may be of interest, besides its status and duration.
  struct Kind {
    bool is_refused = false;     // By the front door or by its signature.
    bool may_take_long = false;  // It waits because it was asked to.
  };

  // Whether a request has a line. Costs two comparisons.
  [[nodiscard]] bool wants(int status, std::chrono::nanoseconds duration, Kind kind) const {
    if (options_.mode != AccessLogMode::kErrors) return options_.mode == AccessLogMode::kAll;
    const bool is_slow = duration > options_.slow_request && !kind.may_take_long;
    return status >= 500 || is_slow || kind.is_refused;
  }

  // Writes the line, unless there were too many within the second. Only for requests that wants()
  // wants.
  void write(const AccessEntry& entry);

  // Writes the line of what was no request: `status` is that of the answer, 0 where the connection
  // is closed without one, and `reason` is a text of ours.
  void write_rejected(std::string_view peer, std::string_view protocol, int status,
                      std::string_view reason);

  // Writes how many lines were left out since the last call. To be called about once a second.
  void report_left_out();

 private:
  [[nodiscard]] bool has_budget();
  void write_left_out(std::size_t count);

  LogWriter& writer_;
  const LogFormat format_;
  const Options options_;
  std::mutex mutex_;  // Guards what follows.
  LineBudget budget_;
};

}  // namespace millrace::server
