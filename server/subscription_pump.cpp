#include "server/subscription_pump.h"

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <memory>
#include <string>
#include <utility>
#include <variant>

#include "api/event_source.h"
#include "api/value.h"
#include "server/async.h"
#include "server/budget.h"
#include "server/event_stream.h"
#include "server/io_loop.h"
#include "streams/arrivals.h"

namespace millrace::server {

void Waker::wake() {
  asio::post(timer_.get_executor(), [self = shared_from_this()] {
    self->is_woken_ = true;
    self->timer_.cancel();
  });
}

void Waker::end() {
  has_ended_ = true;
  is_woken_ = true;
  timer_.cancel();
}

Task<bool> Waker::sleep(std::chrono::milliseconds duration) {
  if (!is_woken_) {
    timer_.expires_after(duration);
    co_await timer_.async_wait(kAwaitTuple);
  }
  co_return std::exchange(is_woken_, false);
}

Task<bool> take_in_time(Budget::Share* share, std::size_t bytes, Executor executor,
                        std::chrono::milliseconds timeout) {
  constexpr std::chrono::milliseconds kPause{100};
  Timer timer(executor);
  for (auto waited = kPause; !share->take(bytes); waited += kPause) {
    if (share->has_ended() || waited > timeout) co_return false;
    timer.expires_after(kPause);
    co_await timer.async_wait(kAwaitTuple);
  }
  co_return true;
}

Task<bool> pump_events(api::EventSource* source, api::Form form, FrameSink* sink,
                       std::shared_ptr<Waker> waker, const PumpContext* context, IoLoop* loop) {
  source->on_wake([waker] { waker->wake(); });
  const std::string first = initial_response_frame(form);
  bool is_sent = co_await sink->send(first);
  streams::Arrivals::Token arrival;
  bool is_armed = false;  // Whether `arrival` was made before the source was last asked.
  while (is_sent && !waker->has_ended()) {
    auto next = loop->may_wait([source] { return source->next(); });
    if (!next) {
      const std::string last = exception_frame(next.error(), form);
      co_return co_await sink->send(last);
    }
    if (std::holds_alternative<api::EventsEnd>(*next)) co_return true;
    if (const auto* event = std::get_if<api::Event>(&*next)) {
      is_armed = false;
      const std::string frame = event_frame(*event, form);
      is_sent = co_await sink->send(frame);
      continue;
    }
    const auto& pause = std::get<api::Pause>(*next);
    if (!is_armed) {
      // Asked once more after this, so that what happens in between is not slept over.
      arrival = context->arrivals.wait(pause.log, pause.end_seen, [waker] { waker->wake(); });
      is_armed = true;
      continue;
    }
    const auto duration =
        std::max(pause.until - context->clock.now(), std::chrono::milliseconds(1));
    co_await waker->sleep(duration);
    is_armed = false;
  }
  co_return is_sent;
}

}  // namespace millrace::server
