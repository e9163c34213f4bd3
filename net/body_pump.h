// Sends what a body source has, as fast as its reader takes it.
//
// One piece is under way at a time. Between pieces the pump sleeps until the source wakes it, the
// peer is gone, or the server stops.

#pragma once

#include <chrono>
#include <cstddef>
#include <memory>
#include <string_view>

#include "net/async.h"
#include "net/body_source.h"
#include "net/budget.h"
#include "net/io_loop.h"

namespace millrace::net {

// A transport's way to send a piece of an answer.
class BodySink {
 public:
  BodySink() = default;
  BodySink(const BodySink&) = delete;
  BodySink& operator=(const BodySink&) = delete;
  virtual ~BodySink() = default;

  // Returns once the peer's side has room again; false when it is gone. `piece` outlives the call.
  virtual Task<bool> send(std::string_view piece) = 0;
};

// Ends a pump's sleep. Any thread may call wake(); all else belongs to the pump's.
class Waker : public std::enable_shared_from_this<Waker> {
 public:
  explicit Waker(const Executor& executor) : timer_(executor) {}

  void wake();

  // The pump sends nothing more: its peer is gone or the server stops.
  void end();
  [[nodiscard]] bool has_ended() const { return has_ended_; }

  // Sleeps for `duration` at most; not at all after a wake() since the last sleep. Returns whether
  // it was woken.
  Task<bool> sleep(std::chrono::milliseconds duration);
  // The same, however long that takes.
  Task<> sleep_until_woken();

 private:
  Timer timer_;
  bool is_woken_ = false;
  bool has_ended_ = false;
};

// Takes the bytes of a piece, and waits for room for `timeout` at most. False if there is none by
// then, or the share was ended.
Task<bool> take_in_time(Budget::Share* share, std::size_t bytes, Executor executor,
                        std::chrono::milliseconds timeout);

// Sends pieces until the source ends or the waker is told to, but the first piece at any rate.
// Returns whether the body is whole: false when the peer was lost. `loop` is the one that runs
// this.
Task<bool> pump_body(BodySource* source, BodySink* sink, std::shared_ptr<Waker> waker,
                     IoLoop* loop);

}  // namespace millrace::net
