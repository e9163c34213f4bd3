// Wakes readers that wait for the next entry of a log.

#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <utility>

#include "base/wakeup.h"
#include "storage/engine.h"

namespace millrace::storage {

// Thread-safe. Logs are in groups with a lock each, so that those who write to different logs
// rarely meet, though somebody waits on most.
class Arrivals {
 private:
  using Key = std::pair<LogId, std::uint64_t>;  // The number tells apart waiters of one log.
  struct Waiter {
    Waiter(Position end, std::function<void()> wake) : end_seen(end), wakeup(std::move(wake)) {}

    const Position end_seen;
    Wakeup wakeup;
  };

 public:
  // Listens to `engine`, which outlives it and has no other listener.
  explicit Arrivals(Engine& engine);

  // While it lives, its callback may be called. Its destruction waits for a call that is under way.
  class Token {
   public:
    Token() = default;
    ~Token() { release(); }
    Token(Token&& other) noexcept;
    Token& operator=(Token&& other) noexcept;
    Token(const Token&) = delete;
    Token& operator=(const Token&) = delete;

   private:
    friend class Arrivals;
    Token(Arrivals& arrivals, Key key, std::shared_ptr<Waiter> waiter);
    void release();

    Arrivals* arrivals_ = nullptr;
    Key key_;
    std::shared_ptr<Waiter> waiter_;
  };

  // Calls `wake` once, as soon as the published end of `log` is past `end_seen`: at once, in this
  // thread, if it is already. `wake` only posts to its own thread; no lock of ours is held but the
  // waiter's own.
  [[nodiscard]] Token wait(LogId log, Position end_seen, std::function<void()> wake);

  // Wakes who waits on `log`, whatever its end: something else has happened to it.
  void wake(LogId log);

  // How many wait.
  [[nodiscard]] std::size_t count() const;

 private:
  static constexpr std::size_t kGroups = 64;

  struct Group {
    std::mutex mutex;
    std::map<Key, std::shared_ptr<Waiter>> waiters;
    std::atomic<std::size_t> count{0};
  };

  [[nodiscard]] Group& group_of(LogId log);
  void notify(LogId log, Position end);
  void remove(const Key& key);

  Engine& engine_;
  std::atomic<std::uint64_t> last_number_{0};
  std::array<Group, kGroups> groups_;
};

}  // namespace millrace::storage
