// Sends what an event source has, as fast as its reader takes it.
//
// One frame is under way at a time. Between frames the pump sleeps until records arrive, the source
// wants to be asked again, the peer is gone, or the server stops.

#pragma once

#include <chrono>
#include <cstddef>
#include <memory>
#include <string_view>

#include "api/event_source.h"
#include "api/value.h"
#include "base/clock.h"
#include "server/async.h"
#include "server/budget.h"
#include "server/io_loop.h"
#include "streams/arrivals.h"

namespace millrace::server {

// Where frames go: a transport's way to send a piece of an answer.
class FrameSink {
 public:
  FrameSink() = default;
  FrameSink(const FrameSink&) = delete;
  FrameSink& operator=(const FrameSink&) = delete;
  virtual ~FrameSink() = default;

  // Returns once the peer's side has room again; false when it is gone. `frame` outlives the call.
  virtual Task<bool> send(std::string_view frame) = 0;
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

 private:
  Timer timer_;
  bool is_woken_ = false;
  bool has_ended_ = false;
};

// What pumps share; all of it outlives them.
struct PumpContext {
  streams::Arrivals& arrivals;
  const Clock& clock;
};

// Takes the bytes of a frame, and waits for room for `timeout` at most. False if there is none by
// then, or the share was ended.
Task<bool> take_in_time(Budget::Share* share, std::size_t bytes, Executor executor,
                        std::chrono::milliseconds timeout);

// Sends the initial response, then events until the source ends or the waker is told to. Returns
// whether the answer is whole: false when the peer was lost. `loop` is the one that runs this.
Task<bool> pump_events(api::EventSource* source, api::Form form, FrameSink* sink,
                       std::shared_ptr<Waker> waker, const PumpContext* context, IoLoop* loop);

}  // namespace millrace::server
