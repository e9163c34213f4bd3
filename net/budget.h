// Bytes of one kind (bodies, answers) that all connections together may hold, a part of them each.
//
// When all is taken, the request or answer that has not moved for longest is ended to make room: a
// peer that sends or reads nothing, or next to nothing, holds up nobody but itself.

#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <mutex>
#include <set>

namespace millrace::net {

// Thread-safe.
class Budget {
 public:
  using Time = std::chrono::steady_clock::time_point;

  struct Sizes {
    std::size_t bytes_max = 0;  // Of all.
    std::size_t one_max = 0;    // What a single request may need; a connection may hold as much.
    std::chrono::milliseconds stalled_after{1'000};  // A share that has not moved may be ended.
  };

  explicit Budget(
      const Sizes& sizes,
      std::function<Time()> now = [] { return std::chrono::steady_clock::now(); });
  Budget(const Budget&) = delete;
  Budget& operator=(const Budget&) = delete;

  // What one connection holds: a quarter of all at most, or one request's need. Outlives its
  // shares.
  class Connection {
   public:
    Connection() = default;
    Connection(const Connection&) = delete;
    Connection& operator=(const Connection&) = delete;

   private:
    friend class Budget;
    std::atomic<std::size_t> taken_{0};
  };

  // Less than this is no move: a byte now and then would keep any amount for good.
  static constexpr std::size_t kMoveBytesMin = 64UL << 10U;

  // The bytes that one request or answer holds. Used by one thread, but for being ended.
  class Share {
   public:
    // `end` is called once, from any thread, when the share is taken away to make room for others.
    // It must not block, nor call the budget: it has the request or the answer ended soon.
    Share(Budget& budget, Connection& connection, std::function<void()> end);
    Share(const Share&) = delete;
    Share& operator=(const Share&) = delete;
    ~Share() { give_back(); }

    // Takes so many bytes more, which counts as a move. False if there is no room for them, also
    // after ending those that have stalled, or if this share was ended itself.
    [[nodiscard]] bool take(std::size_t bytes);

    // About how many bytes could be taken.
    [[nodiscard]] std::size_t room() const;

    // Says that the peer has sent or taken so many bytes.
    void note_move(std::size_t bytes);

    // Says that the peer has done its part: from now on nobody's room is made by ending this.
    void note_done() { moved_at_ = Time::max(); }

    // Gives back all that was taken; the share may be used again, unless it was ended.
    void give_back();

    [[nodiscard]] bool has_ended() const { return has_ended_; }

   private:
    friend class Budget;
    Budget& budget_;
    Connection& connection_;
    const std::function<void()> end_;
    std::atomic<std::size_t> taken_{0};
    std::size_t moved_bytes_ = 0;  // Since the last move that counted.
    std::atomic<Time> moved_at_;
    std::atomic<bool> has_ended_{false};
  };

  [[nodiscard]] std::size_t taken() const { return taken_; }

  // Requests and answers that had no room, or were ended to make some.
  [[nodiscard]] std::uint64_t refused() const { return refused_; }

 private:
  [[nodiscard]] std::size_t connection_max() const;
  [[nodiscard]] bool has_stalled(const Share& share, Time now) const;
  // Ends the share that has not moved for longest, other than `asking`. False if none has stalled.
  bool end_one(const Share& asking);
  void release(Share& share);

  const Sizes sizes_;
  const std::function<Time()> now_;
  mutable std::mutex mutex_;  // Guards what follows, and what shares and connections took.
  std::set<Share*> holders_;  // Shares that have taken something.
  std::atomic<std::size_t> taken_{0};
  std::atomic<std::uint64_t> refused_{0};
};

}  // namespace millrace::net
