// The few Asio and Beast names that coroutines use, which live in net/, server/ and app/.
//
// g++ 12 destroys some temporaries of a co_await expression twice (tests/canary shows it). In them
// therefore: name lambdas with captures and brace-made aggregates before the co_await and move them
// in; a coroutine is a named function, never a lambda with captures; its parameters are values, or
// pointers to what outlives it.

#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <utility>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/associated_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core/error.hpp>

namespace millrace {

namespace asio = boost::asio;
namespace beast = boost::beast;

}  // namespace millrace

namespace millrace::net {

using IoError = beast::error_code;
using Executor = asio::io_context::executor_type;
using Tcp = asio::ip::tcp;
using Socket = asio::basic_stream_socket<Tcp, Executor>;
using Timer = asio::basic_waitable_timer<std::chrono::steady_clock,
                                         asio::wait_traits<std::chrono::steady_clock>, Executor>;

template <class T = void>
using Task = asio::awaitable<T, Executor>;

inline constexpr asio::use_awaitable_t<Executor> kAwait{};
inline constexpr auto kAwaitTuple = asio::as_tuple(kAwait);

// Has something done on its owner's thread, unless the owner is gone by then. Used by that thread,
// but for what from_any_thread() returns.
template <class... Arguments>
class Ender {
 public:
  using Function = std::function<void(Arguments...)>;

  Ender(const Executor& executor, Function end)
      : executor_(executor), end_(std::make_shared<Function>(std::move(end))) {}
  Ender(const Ender&) = delete;
  Ender& operator=(const Ender&) = delete;
  ~Ender() { *end_ = nullptr; }

  // A function that any thread may call, also after this is gone.
  [[nodiscard]] std::function<void()> from_any_thread(Arguments... arguments) const {
    return [executor = executor_, end = end_, arguments...] {
      asio::post(executor, [end, arguments...] {
        if (*end) (*end)(arguments...);
      });
    };
  }

 private:
  const Executor executor_;
  const std::shared_ptr<Function> end_;
};

// Runs `work` on `pool` and comes back to the awaiting thread with its result, which is movable.
template <class T>
Task<T> run_on(asio::thread_pool& pool, std::function<T()> work) {
  auto start = [&pool, work = std::move(work)](auto handler) mutable {
    auto executor = asio::get_associated_executor(handler);
    asio::post(pool, [work = std::move(work), executor, handler = std::move(handler)]() mutable {
      asio::post(executor, [result = work(), handler = std::move(handler)]() mutable {
        std::move(handler)(std::move(result));
      });
    });
  };
  return asio::async_initiate<const asio::use_awaitable_t<Executor>, void(T)>(std::move(start),
                                                                              kAwait);
}

// Calls `begin(done)` and comes back to the awaiting thread with the T with which `done` has been
// called once, from any thread.
template <class T, class Begin>
Task<T> await_callback(Begin begin) {
  auto start = [begin = std::move(begin)](auto handler) mutable {
    auto executor = asio::get_associated_executor(handler);
    auto shared = std::make_shared<decltype(handler)>(std::move(handler));
    begin([shared, executor](T result) {
      asio::post(executor, [shared, result = std::move(result)]() mutable {
        std::move (*shared)(std::move(result));
      });
    });
  };
  return asio::async_initiate<const asio::use_awaitable_t<Executor>, void(T)>(std::move(start),
                                                                              kAwait);
}

}  // namespace millrace::net
