#include "net/io_loop.h"

#include <cstddef>
#include <cstdint>
#include <mutex>
#include <system_error>
#include <thread>

#include <boost/asio/post.hpp>
#include <boost/system/error_code.hpp>

#include "net/async.h"

namespace millrace::net {
namespace {

// The watch sleeps after so many ticks in which nothing was seen to wait.
constexpr int kCalmTicks = 10;

}  // namespace

IoLoop::IoLoop(asio::io_context& watch, std::size_t threads_max)
    : threads_max_(threads_max), tick_(watch) {}

void IoLoop::start() {
  const std::lock_guard lock(mutex_);
  threads_.emplace_back([this] { run_thread(); });
}

void IoLoop::stop() {
  {
    const std::lock_guard lock(mutex_);
    is_stopping_ = true;
    for_spares_.notify_all();
  }
  io_.stop();
  for (std::thread& thread : threads_) thread.join();
  threads_.clear();
}

void IoLoop::run_thread() {
  std::unique_lock lock(mutex_);
  for (;;) {
    ++spares_;
    for_spares_.wait(lock, [this] { return is_stopping_ || (is_turn_free_ && returning_ == 0); });
    --spares_;
    if (is_stopping_) return;
    is_turn_free_ = false;
    state_ = kRunning;
    lock.unlock();
    try {
      io_.run();
    } catch (const TurnWanted&) {  // NOLINT(bugprone-empty-catch): all it says is said.
    }
    lock.lock();
    pass_turn_on();
  }
}

void IoLoop::pass_turn_on() {
  is_turn_free_ = true;
  (returning_ > 0 ? for_returning_ : for_spares_).notify_one();
}

void IoLoop::take_turn_back() {
  std::unique_lock lock(mutex_);
  ++returning_;
  // Not before it is known who wants it.
  // NOLINTNEXTLINE(bugprone-std-exception-baseclass): nobody but run_thread() may catch it.
  asio::post(io_, [] { throw TurnWanted{}; });
  for_returning_.wait(lock, [this] { return is_turn_free_; });
  --returning_;
  is_turn_free_ = false;
  state_ = kRunning;
}

void IoLoop::call_watch() {
  if (is_watched_.exchange(true)) return;
  asio::post(tick_.get_executor(), [this] { look(); });
}

void IoLoop::look() {
  const std::uint64_t state = state_;
  if (state != kRunning && state == seen_) free_turn_of(state);
  calm_ticks_ = state == seen_ ? calm_ticks_ + 1 : 0;
  seen_ = state;
  if (state != kRunning || calm_ticks_ < kCalmTicks) return look_again_later();
  is_watched_ = false;
  // A wait that begins before it can see this calls nobody.
  if (state_ != kRunning && !is_watched_.exchange(true)) look_again_later();
}

void IoLoop::look_again_later() {
  tick_.expires_after(kTick);
  tick_.async_wait([this](const boost::system::error_code& error) {
    if (!error) look();
  });
}

void IoLoop::free_turn_of(std::uint64_t wait) {
  const std::lock_guard lock(mutex_);
  if (is_stopping_) return;
  const bool needs_thread = returning_ == 0 && spares_ == 0;
  // The thread comes first, so that no turn is free that nobody can take. The next tick asks again.
  if (needs_thread && !add_thread()) return;
  if (!state_.compare_exchange_strong(wait, kRunning)) return;  // It is over.
  pass_turn_on();
}

bool IoLoop::add_thread() {
  if (threads_.size() == threads_max_) return false;
  try {
    threads_.emplace_back([this] { run_thread(); });
    return true;
  } catch (const std::system_error&) {
    return false;  // The limit on processes (ulimit -u, a container's pids).
  }
}

}  // namespace millrace::net
