#include "streams/consumers.h"

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <string>
#include <string_view>

#include "base/error.h"
#include "base/time_point.h"
#include "base/try.h"
#include "streams/errors.h"
#include "streams/stream_key.h"
#include "streams/tags.h"

namespace millrace::streams {
namespace {

void forget_gone(Consumers& consumers, TimePoint now) {
  std::erase_if(consumers, [&](const auto& entry) {
    return entry.second.is_gone(now) && entry.second.creation_second < seconds_of(now);
  });
}

std::unexpected<Error> too_many(const std::string& what, std::size_t limit,
                                const StreamKey& stream) {
  return fail(kLimitExceeded, what + " of stream " + stream.name + " under account " +
                                  stream.scope.account + " would be more than " +
                                  std::to_string(limit) + ".");
}

}  // namespace

std::string_view to_text(ConsumerStatus status) {
  switch (status) {
    case ConsumerStatus::kCreating:
      return "CREATING";
    case ConsumerStatus::kActive:
      return "ACTIVE";
    case ConsumerStatus::kDeleting:
      return "DELETING";
  }
  return "";
}

ConsumerStatus Consumer::status_at(TimePoint now) const {
  if (gone_at) return ConsumerStatus::kDeleting;
  return now < active_at ? ConsumerStatus::kCreating : ConsumerStatus::kActive;
}

const Consumer* find_consumer(const Consumers& consumers, std::string_view name, TimePoint now) {
  const auto found = consumers.find(name);
  return found != consumers.end() && !found->second.is_gone(now) ? &found->second : nullptr;
}

std::size_t count_consumers(const Consumers& consumers, TimePoint now) {
  return static_cast<std::size_t>(std::ranges::count_if(
      consumers, [&](const auto& entry) { return !entry.second.is_gone(now); }));
}

Result<Consumer> register_consumer(Consumers& consumers, const NewConsumer& wanted,
                                   const StreamKey& stream, TimePoint now) {
  if (find_consumer(consumers, wanted.name, now) != nullptr) {
    return fail(kResourceInUse,
                "Consumer " + wanted.name + " under stream " + stream.name + " already exists.");
  }
  if (count_consumers(consumers, now) >= wanted.count_max) {
    return too_many("Consumers", wanted.count_max, stream);
  }
  const auto creating = std::ranges::count_if(consumers, [&](const auto& entry) {
    return entry.second.status_at(now) == ConsumerStatus::kCreating;
  });
  if (static_cast<std::size_t>(creating) >= kConsumersCreatingMax) {
    return too_many("Consumers in CREATING", kConsumersCreatingMax, stream);
  }
  Consumer consumer;
  consumer.name = wanted.name;
  TRY(add_tags(consumer.tags, wanted.tags, stream));
  consumer.creation_second = std::max(seconds_of(now), wanted.second_min);
  if (const auto before = consumers.find(wanted.name); before != consumers.end()) {
    consumer.generation = before->second.generation + 1;
  }
  consumer.active_at = now + wanted.delay;
  forget_gone(consumers, now);
  consumers.insert_or_assign(wanted.name, consumer);
  return consumer;
}

Result<void> deregister_consumer(Consumers& consumers, std::string_view name,
                                 const StreamKey& stream, std::chrono::milliseconds delay,
                                 TimePoint now) {
  const auto found = consumers.find(name);
  if (found == consumers.end() || found->second.is_gone(now)) {
    return std::unexpected(consumer_not_found(name, stream));
  }
  if (found->second.status_at(now) != ConsumerStatus::kActive) {
    return std::unexpected(consumer_not_active(name, found->second.creation_second, stream));
  }
  found->second.gone_at = now + delay;
  forget_gone(consumers, now);
  return {};
}

}  // namespace millrace::streams
