// The consumers registered with a stream, and their lives as functions of what is stored and now.
//
// Pure: no storage, no locks. A stream's facts hold its consumers, so they are stored with them.
//
// Source: RegisterStreamConsumer and DeregisterStreamConsumer, Kinesis API reference; the texts:
// tests/conformance/test_consumers.py.

#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "base/error.h"
#include "base/time_point.h"
#include "streams/stream_key.h"
#include "streams/tags.h"

namespace millrace::streams {

enum class ConsumerStatus : std::uint8_t { kCreating, kActive, kDeleting };

[[nodiscard]] std::string_view to_text(ConsumerStatus status);

inline constexpr std::size_t kConsumersMax = 20;
inline constexpr std::size_t kConsumersMaxWithCommitment = 50;
inline constexpr std::size_t kConsumersCreatingMax = 5;

struct Consumer {
  std::string name;
  std::int64_t creation_second = 0;  // Part of its ARN.
  std::uint32_t generation = 0;      // Tells it from others of its name and second; not shown.
  TimePoint active_at{};
  std::optional<TimePoint> gone_at;  // Set by DeregisterStreamConsumer.
  Tags tags;
  std::optional<std::string> policy;

  [[nodiscard]] ConsumerStatus status_at(TimePoint now) const;

  // Whether `other` is this one, not one of its name from before or after it.
  [[nodiscard]] bool is_same(const Consumer& other) const {
    return name == other.name && creation_second == other.creation_second &&
           generation == other.generation;
  }
  [[nodiscard]] bool is_gone(TimePoint now) const { return gone_at && *gone_at <= now; }

  friend bool operator==(const Consumer&, const Consumer&) = default;
};

// By name. One that is gone stays until its creation second has passed, so that the next of its
// name gets another generation.
using Consumers = std::map<std::string, Consumer, std::less<>>;

// Nothing if there is none of that name, or it is gone.
[[nodiscard]] const Consumer* find_consumer(const Consumers& consumers, std::string_view name,
                                            TimePoint now);

// How many are not gone.
[[nodiscard]] std::size_t count_consumers(const Consumers& consumers, TimePoint now);

struct NewConsumer {
  std::string name;
  Tags tags;
  std::int64_t second_min = 0;  // The consumer's creation second is not below it.
  std::chrono::milliseconds delay{0};
  std::size_t count_max = kConsumersMax;
};

// Adds a consumer. Errors: kResourceInUse for a name in use, kLimitExceeded for one too many in all
// or in CREATING; those of add_tags(). Nothing is changed then.
[[nodiscard]] Result<Consumer> register_consumer(Consumers& consumers, const NewConsumer& wanted,
                                                 const StreamKey& stream, TimePoint now);

// Errors: consumer_not_active() unless it is ACTIVE.
[[nodiscard]] Result<void> deregister_consumer(Consumers& consumers, std::string_view name,
                                               const StreamKey& stream,
                                               std::chrono::milliseconds delay, TimePoint now);

}  // namespace millrace::streams
