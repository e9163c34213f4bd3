// Which consumer reads which shard: one subscription each at a time.
//
// A second one is refused for a while after the first; later it takes the first one's place, which
// then ends. Thread-safe. In memory: a restart begins anew.
//
// Source: API_SubscribeToShard, Kinesis API reference; the text is the service's own.

#pragma once

#include <chrono>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "base/clock.h"
#include "base/error.h"
#include "base/time_point.h"

namespace millrace::streams {

struct SubscriptionOptions {
  std::chrono::milliseconds life{300'000};          // From the call to the end of its events.
  std::chrono::milliseconds takeover_after{5'000};  // Since the last call that was let through.
};

class Subscriptions {
 public:
  // `clock` outlives it.
  Subscriptions(const Clock& clock, const SubscriptionOptions& options)
      : clock_(clock), options_(options) {}

  struct Key {
    std::uint32_t stream_id = 0;
    std::string consumer;
    std::int64_t consumer_second = 0;
    std::uint32_t consumer_generation = 0;
    std::uint32_t shard_index = 0;

    friend auto operator<=>(const Key&, const Key&) = default;
  };

  // While it lives, the subscription is counted. It may lose its place before.
  class Place {
   public:
    ~Place();
    Place(const Place&) = delete;
    Place& operator=(const Place&) = delete;

    [[nodiscard]] bool is_taken() const;

    // Calls `wake` once the place is taken, from the thread that takes it: at once if it is
    // already. Until the place ends. `wake` must not block.
    void on_taken(std::function<void()> wake);

   private:
    friend class Subscriptions;
    struct State;
    Place(Subscriptions& subscriptions, std::shared_ptr<State> state);

    Subscriptions& subscriptions_;
    std::shared_ptr<State> state_;
  };

  // Takes the place of `key`. Errors: kResourceInUse with `shown`, `{account}:{stream}:{shard}:
  // {consumer}`, where another subscription has it and has not had it long enough.
  [[nodiscard]] Result<std::unique_ptr<Place>> take(const Key& key, const std::string& shown);

  [[nodiscard]] const SubscriptionOptions& options() const { return options_; }
  [[nodiscard]] std::size_t count() const;

 private:
  struct Entry {
    TimePoint taken_at{};
    std::weak_ptr<Place::State> holder;
  };

  void forget_old(TimePoint now);

  const Clock& clock_;
  const SubscriptionOptions options_;
  mutable std::mutex mutex_;
  std::map<Key, Entry> entries_;
  std::size_t count_ = 0;
};

// `Another active subscription exists for this consumer: {shown}`.
[[nodiscard]] Error already_subscribed(const std::string& shown);

}  // namespace millrace::streams
