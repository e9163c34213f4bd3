#include "api/kinesis/shard_events.h"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <functional>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <variant>

#include "api/context.h"
#include "api/encode.h"
#include "api/event_source.h"
#include "api/kinesis/record_shapes.h"
#include "api/kinesis/resources.h"
#include "api/value.h"
#include "base/alarms.h"
#include "base/error.h"
#include "base/time_point.h"
#include "base/try.h"
#include "storage/arrivals.h"
#include "storage/engine.h"
#include "streams/catalogue.h"
#include "streams/consumers.h"
#include "streams/errors.h"
#include "streams/quota.h"
#include "streams/sequence_number.h"
#include "streams/shard_map.h"
#include "streams/shard_reader.h"
#include "streams/stream.h"
#include "streams/stream_facts.h"
#include "streams/stream_key.h"
#include "streams/subscriptions.h"
#include "world/world.h"

namespace millrace::kinesis {
namespace {

constexpr std::chrono::seconds kSignOfLifeEvery{5};
constexpr streams::ReadLimits kEventLimits{10'000, 2UL << 20U};

using Next = std::variant<api::Event, api::Pause, api::EventsEnd>;

class ShardEvents final : public api::EventSource {
 public:
  ShardEvents(Subscription subscription, std::shared_ptr<const world::World> world, api::Form form)
      : world_(std::move(world)),
        subscription_(std::move(subscription)),
        form_(form),
        reader_(subscription_.consumer.stream, subscription_.shard_index, subscription_.from,
                kEventLimits),
        key_(subscription_.consumer.stream->state().facts->key),
        stream_id_(subscription_.consumer.stream->state().facts->id),
        ends_at_(world_->clock().now() + world_->subscriptions().options().life),
        sign_at_(world_->clock().now() + kSignOfLifeEvery) {}

  Result<Next> next() override {
    Result<Next> found = look();
    if (found && std::holds_alternative<api::Pause>(*found)) {
      alarm_ = world_->clock().wake_at(pause_until_, wake_);
      // Asked once more after this, so that what happens in between is not slept over.
      arrival_ = world_->arrivals().wait(streams::log_of(stream_id_, subscription_.shard_index),
                                         end_seen_, wake_);
      found = look();
    }
    return found;
  }

  void on_wake(std::function<void()> wake) override {
    wake_ = wake;
    subscription_.place->on_taken(std::move(wake));
  }

 private:
  Result<Next> look() {
    const TimePoint now = world_->clock().now();
    if (is_over_ || now >= ends_at_) return api::EventsEnd{};
    if (auto checked = check(now); !checked) {
      is_over_ = true;
      return std::unexpected(checked.error());
    }
    if (now < held_until_) return hold();
    auto next = TRY(reader_.next(now));
    if (const auto* nothing = std::get_if<streams::ShardReader::Pause>(&next)) {
      if (now >= sign_at_) return give({}, between_records(nothing->end_seen), now);
      return pause(nothing->until ? std::min(*nothing->until, sign_at_) : sign_at_,
                   nothing->end_seen);
    }
    if (std::holds_alternative<streams::ShardReader::End>(next)) {
      is_over_ = true;
      return give({}, std::nullopt, now);
    }
    auto& read = std::get<streams::ReadResult>(next);
    held_until_ = world_->quotas().push(subscription_.pushes, read.size_bytes, now);
    if (now < held_until_) return hold();
    reader_.advance(read);
    is_over_ = read.is_at_end;
    auto continuation = to_decimal(read.records.back().number);
    return give(std::move(read), std::move(continuation), now);
  }

  // An event: records with where to go on behind them, a sign of life, or the shard's end.
  Next give(streams::ReadResult read, std::optional<std::string> continuation, TimePoint now) {
    reader_.stream()->meter().note_read(subscription_.consumer.consumer.name,
                                        subscription_.shard_index, read.records.size(),
                                        read.size_bytes, read.millis_behind);
    sign_at_ = now + kSignOfLifeEvery;
    ShardEvent event;
    event.millis_behind_latest = read.millis_behind;
    if (is_over_) {
      event.child_shards =
          child_shards(*reader_.stream()->state().shards, subscription_.shard_index);
    } else {
      event.continuation_sequence_number = std::move(continuation);
    }
    event.records = RecordShapes(std::move(read.records));
    return api::Event{"SubscribeToShardEvent", api::encode<api::kJsonAndCbor>(event, form_)};
  }

  // Waits until more may be pushed, which no arrival brings nearer.
  [[nodiscard]] api::Pause hold() {
    return pause(held_until_, std::numeric_limits<storage::Position>::max());
  }

  // Until something happens to the stream, its log ends after `end_seen`, or it is `until`.
  [[nodiscard]] api::Pause pause(TimePoint until, storage::Position end_seen) {
    end_seen_ = end_seen;
    pause_until_ = std::min(until, ends_at_);
    return {};
  }

  // What ends the subscription before its time.
  Result<void> check(TimePoint now) const {
    if (subscription_.place->is_taken()) {
      return std::unexpected(streams::already_subscribed(subscription_.shown));
    }
    const auto stream = TRY(world_->catalogue().find(key_));
    const auto facts = stream->state().facts;
    if (facts->id != stream_id_ || facts->status_at(now) == streams::StreamStatus::kDeleting) {
      return std::unexpected(streams::stream_not_found(key_));
    }
    const streams::Consumer& own = subscription_.consumer.consumer;
    const auto* consumer = streams::find_consumer(facts->consumers, own.name, now);
    if (consumer == nullptr || !consumer->is_same(own) ||
        consumer->status_at(now) != streams::ConsumerStatus::kActive) {
      return std::unexpected(streams::consumer_not_found(own.name, own.creation_second, key_));
    }
    // A policy may have been changed since the call.
    return authorize(*world_, subscription_.call, key_, *consumer);
  }

  // A number after every record below `position` and before all others, so that reading at it or
  // after it neither repeats nor loses one. Its second moves on, as the service's does. Returns
  // nullopt if the shard is gone.
  [[nodiscard]] std::optional<std::string> between_records(storage::Position position) const {
    const auto shards = reader_.stream()->state().shards;
    const streams::Shard* shard = shards->find(subscription_.shard_index);
    if (shard == nullptr) return std::nullopt;
    const auto newest = reader_.stream()->newest_second();
    return to_decimal(streams::SequenceNumber{
        2, shard->creation_second, shard->index, position,
        position == 0 ? shard->creation_second
                      : std::max(newest, seconds_of(world_->clock().now())) + 1});
  }

  const std::shared_ptr<const world::World> world_;  // Ends last.
  Subscription subscription_;
  const api::Form form_;
  streams::ShardReader reader_;
  const streams::StreamKey key_;
  const std::uint32_t stream_id_;
  const TimePoint ends_at_;
  TimePoint sign_at_;
  TimePoint held_until_{};  // The next event with records is due then.
  bool is_over_ = false;
  storage::Position end_seen_ = 0;  // The end of the log that a pause waits to be passed.
  TimePoint pause_until_{};
  std::function<void()> wake_;
  Alarms::Token alarm_;
  storage::Arrivals::Token arrival_;
};

}  // namespace

std::unique_ptr<api::EventSource> make_shard_events(Subscription subscription,
                                                    std::shared_ptr<const world::World> world,
                                                    api::Form form) {
  return std::make_unique<ShardEvents>(std::move(subscription), std::move(world), form);
}

}  // namespace millrace::kinesis
