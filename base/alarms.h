// Calls that are due at a product time, in the order of their times.

#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>

#include "base/time_point.h"
#include "base/wakeup.h"

namespace millrace {

// Thread-safe. It knows no clock: whoever has one calls ring().
class Alarms {
 private:
  struct Key {
    TimePoint time{};
    std::uint64_t number = 0;  // Tells apart alarms of one time.

    friend auto operator<=>(const Key&, const Key&) = default;
  };

 public:
  // While it lives, its call may be made. Destroying it waits for a call that is under way.
  class Token {
   public:
    Token() = default;
    Token(Token&& other) noexcept;
    Token& operator=(Token&& other) noexcept;
    Token(const Token&) = delete;
    Token& operator=(const Token&) = delete;
    ~Token() { release(); }

   private:
    friend class Alarms;
    Token(Alarms& alarms, Key key, std::shared_ptr<Wakeup> wakeup);
    void release();

    Alarms* alarms_ = nullptr;
    Key key_;
    std::shared_ptr<Wakeup> wakeup_;
  };

  // Makes the call `wake` once, from ring(), when `time` has come. `wake` must not block.
  [[nodiscard]] Token add(TimePoint time, std::function<void()> wake);

  // Makes the calls that are due at `now`, without a lock but their own.
  void ring(TimePoint now);

  // The earliest time of those that are not made yet.
  [[nodiscard]] std::optional<TimePoint> next() const;

  [[nodiscard]] std::size_t count() const;

 private:
  void remove(const Key& key);

  mutable std::mutex mutex_;
  std::map<Key, std::shared_ptr<Wakeup>> listed_;
  std::uint64_t last_number_ = 0;
};

}  // namespace millrace
