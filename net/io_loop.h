// An io_context and the threads that run it: one of them at a time.
//
// A call that has to wait for the store would hold up every connection of its thread. So what may
// have to wait is run by may_wait(). When it waits still after a tick, another thread goes on with
// the context, and the one that comes back waits for its turn. What belongs to the loop (sessions,
// streams, ids) is therefore used by one thread at a time, as if there were only one, and changes
// under nobody's hands but across a may_wait(), as it does across a co_await.
//
// The pattern is known as leader and followers. A mark costs two atomic operations and no clock.

#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>

#include "net/async.h"

namespace millrace::net {

class IoLoop {
 public:
  // Threads of one loop, so one less may wait at a time before the loop itself waits.
  static constexpr std::size_t kThreadsMax = 9;
  // What waits for one whole tick is waiting.
  static constexpr std::chrono::milliseconds kTick{10};

  // `watch` is run by a thread that never waits for the store, and outlives this. Where the system
  // has no thread to give, the loop waits with the call that waits.
  explicit IoLoop(asio::io_context& watch, std::size_t threads_max = kThreadsMax);
  IoLoop(const IoLoop&) = delete;
  IoLoop& operator=(const IoLoop&) = delete;
  ~IoLoop() { stop(); }

  [[nodiscard]] asio::io_context& io() { return io_; }

  // Throws std::system_error if the system gives no thread.
  void start();

  // Returns when all threads have ended: those that wait, when they need not any more.
  void stop();

  // Calls `work` once what is ready now has been run, in a handler of its own; once for all who ask
  // until then, so it is always the same work. In a handler of this loop only.
  template <class Work>
  void after_these(Work work) {
    if (std::exchange(is_asked_, true)) return;
    asio::post(io_, [this, work = std::move(work)] {
      is_asked_ = false;
      work();
    });
  }

  // Calls `work`, in a handler of this loop. Other handlers may run until it returns.
  template <class Work>
  auto may_wait(Work&& work) {
    const Wait wait(*this);
    return std::forward<Work>(work)();
  }

 private:
  class Wait {
   public:
    explicit Wait(IoLoop& loop) : loop_(loop), state_(loop.begin_wait()) {}
    Wait(const Wait&) = delete;
    Wait& operator=(const Wait&) = delete;
    ~Wait() { loop_.end_wait(state_); }

   private:
    IoLoop& loop_;
    const std::uint64_t state_;
  };

  // Thrown by a handler so that the thread that runs the context leaves it.
  struct TurnWanted {};

  // Its turn is somebody's who runs handlers; any other state is the number of a wait.
  static constexpr std::uint64_t kRunning = 0;

  std::uint64_t begin_wait() {
    const std::uint64_t wait = ++waits_;
    state_ = wait;
    if (!is_watched_) call_watch();
    return wait;
  }
  void end_wait(std::uint64_t wait) {
    if (!state_.compare_exchange_strong(wait, kRunning)) take_turn_back();
  }

  void run_thread();
  void take_turn_back();
  void pass_turn_on();  // With the mutex held.
  void call_watch();
  void look();
  void look_again_later();
  void free_turn_of(std::uint64_t wait);
  [[nodiscard]] bool add_thread();  // With the mutex held.

  // Not told that it has one thread: what a handler posts would wait for the handler to end then.
  asio::io_context io_;
  asio::executor_work_guard<Executor> work_{io_.get_executor()};
  const std::size_t threads_max_;

  bool is_asked_ = false;    // By whose turn it is.
  std::uint64_t waits_ = 0;  // Of whose turn it is.
  std::atomic<std::uint64_t> state_{kRunning};
  std::atomic<bool> is_watched_{false};

  std::mutex mutex_;
  std::condition_variable for_spares_;
  std::condition_variable for_returning_;
  bool is_turn_free_ = true;
  bool is_stopping_ = false;
  std::size_t returning_ = 0;  // Threads whose wait is over; their turn is before the spares'.
  std::size_t spares_ = 0;     // Threads with nothing to do.
  std::vector<std::thread> threads_;

  // The watch's.
  Timer tick_;
  std::uint64_t seen_ = kRunning;
  int calm_ticks_ = 0;
};

}  // namespace millrace::net
