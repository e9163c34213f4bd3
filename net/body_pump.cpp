#include "net/body_pump.h"

#include <chrono>
#include <cstddef>
#include <memory>
#include <string>
#include <utility>
#include <variant>

#include "net/async.h"
#include "net/body_source.h"
#include "net/budget.h"
#include "net/io_loop.h"

namespace millrace::net {

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

Task<> Waker::sleep_until_woken() {
  if (!is_woken_) {
    timer_.expires_at(Timer::time_point::max());
    co_await timer_.async_wait(kAwaitTuple);
  }
  is_woken_ = false;
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

Task<bool> pump_body(BodySource* source, BodySink* sink, std::shared_ptr<Waker> waker,
                     IoLoop* loop) {
  source->on_wake([waker] { waker->wake(); });
  bool is_sent = true;
  do {
    const auto next = loop->may_wait([source] { return source->next(); });
    if (std::holds_alternative<BodySource::End>(next)) co_return true;
    if (const auto* piece = std::get_if<std::string>(&next)) {
      is_sent = co_await sink->send(*piece);
    } else {
      co_await waker->sleep_until_woken();
    }
  } while (is_sent && !waker->has_ended());
  co_return is_sent;
}

}  // namespace millrace::net
