// Wakes readers that wait for a shard's next record.

#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <unordered_map>

#include "storage/engine.h"

namespace millrace::streams {

class Arrivals {
 public:
  // Listens to `engine`, which outlives it and has no other listener.
  explicit Arrivals(storage::Engine& engine);

  // While it lives, its callback may be called. Its destruction waits for a call that is under way.
  class Token {
   public:
    Token() = default;
    ~Token();
    Token(Token&& other) noexcept;
    Token& operator=(Token&& other) noexcept;

   private:
    friend class Arrivals;
    struct Waiter;
    Token(Arrivals& arrivals, std::shared_ptr<Waiter> waiter);
    void release();

    Arrivals* arrivals_ = nullptr;
    std::shared_ptr<Waiter> waiter_;
  };

  // Calls `wake` once, as soon as the published end of `log` is past `end_seen`: at once, in this
  // thread, if it is already. `wake` only posts to its own thread; no lock of ours is held but the
  // waiter's own.
  [[nodiscard]] Token wait(storage::LogId log, storage::Position end_seen,
                           std::function<void()> wake);

  // Wakes who waits on `log`, whatever its end: something else has happened to it.
  void wake(storage::LogId log);

  // How many wait.
  [[nodiscard]] std::size_t count() const { return count_.load(); }

 private:
  void notify(storage::LogId log, storage::Position end);
  void remove(storage::LogId log, const Token::Waiter* waiter);

  storage::Engine& engine_;
  std::mutex mutex_;
  std::unordered_multimap<storage::LogId, std::shared_ptr<Token::Waiter>> waiters_;
  std::atomic<std::size_t> count_{0};
};

}  // namespace millrace::streams
