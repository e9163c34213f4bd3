// The connections of one I/O thread, so that a stop can end those that wait for a request, and
// those are found whose deadline has passed or that do not take the answer they had.

#pragma once

#include <chrono>
#include <functional>
#include <set>
#include <utility>

#include "net/async.h"
#include "net/byte_stream.h"

namespace millrace::net {

// Used by the thread of its connections.
class Sessions {
 public:
  // Is in the set while it lives. `stream` outlives it.
  class Entry {
   public:
    Entry(Sessions& sessions, ByteStream& stream);
    Entry(const Entry&) = delete;
    Entry& operator=(const Entry&) = delete;
    ~Entry();

    // Between requests a stop may close the connection at any time.
    void set_idle(bool is_idle) {
      is_idle_ = is_idle;
      is_receiving_ = !is_idle;
      if (!is_idle) was_busy_ = true;
    }
    // The request has arrived whole: a stop waits for its answer.
    void has_received() { is_receiving_ = false; }
    [[nodiscard]] bool is_stopping() const { return sessions_.is_stopping_; }

    // Called once by a stop that finds the connection busy, so that it can end an answer that has
    // no end of its own. Nothing takes it back.
    void on_stop(std::function<void()> end) { end_ = std::move(end); }

   private:
    friend class Sessions;
    Sessions& sessions_;
    ByteStream& stream_;
    bool is_idle_ = true;
    bool is_receiving_ = false;
    bool was_busy_ = false;  // Since the last look for those that do not take their answers.
    // What the peer had not taken at that look, and when it took something at the earliest.
    int left_bytes_ = 0;
    std::chrono::steady_clock::time_point taken_at_;
    std::function<void()> end_;
  };

  // Closes what is idle; the others end after their answer, and those whose request is half-sent
  // after `half_sent_timeout`.
  void stop(std::chrono::steady_clock::duration half_sent_timeout);

  // Four times a second, closes connections whose deadline has passed; now and then also those
  // between requests whose peer has taken less than 64 KiB of the last answer's rest for longer
  // than `taking_timeout`: the system has taken it from us, but not the peer from the system.
  Task<> watch(std::chrono::steady_clock::duration taking_timeout);

 private:
  void close_expired(std::chrono::steady_clock::time_point now);
  void close_stuck(std::chrono::steady_clock::time_point now,
                   std::chrono::steady_clock::time_point last_look,
                   std::chrono::steady_clock::duration timeout);

  std::set<Entry*> entries_;
  bool is_stopping_ = false;
  std::chrono::steady_clock::time_point receives_until_ =
      std::chrono::steady_clock::time_point::max();
};

}  // namespace millrace::net
