// The part of a stream that changes it: by request, and when something is due.

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "base/error.h"
#include "base/time_point.h"
#include "base/try.h"
#include "storage/engine.h"
#include "streams/consumers.h"
#include "streams/dropped_shards.h"
#include "streams/errors.h"
#include "streams/on_demand.h"
#include "streams/shard_map.h"
#include "streams/shard_rows.h"
#include "streams/stream.h"
#include "streams/stream_facts.h"
#include "streams/stream_rows.h"
#include "streams/surroundings.h"

namespace millrace::streams {
namespace {

bool is_allowed(StreamStatus status, Allowed allowed) {
  switch (allowed) {
    case Allowed::kActive:
      return status == StreamStatus::kActive;
    case Allowed::kActiveOrUpdating:
      return status == StreamStatus::kActive || status == StreamStatus::kUpdating;
    case Allowed::kNotDeleting:
      return status != StreamStatus::kDeleting;
  }
  return false;
}

}  // namespace

storage::TableBatch Stream::begin_batch() const {
  const auto facts = state().facts;
  storage::TableBatch batch;
  batch.expect(rows::stream_row_key(facts->id), rows::encode(*facts));
  return batch;
}

storage::TableBatch Stream::begin_change(StreamFacts facts) const {
  storage::TableBatch batch = begin_batch();
  ++facts.changes;
  batch.put(rows::stream_row_key(facts.id), rows::encode(facts));
  return batch;
}

Result<storage::Ticket> Stream::remove(bool with_consumers) {
  StreamStatus before{};
  const auto begin = [&](StreamFacts& facts) -> Result<void> {
    const TimePoint now = clock_.now();
    if (!with_consumers && count_consumers(facts.consumers, now) > 0) {
      return std::unexpected(stream_has_consumers(facts.key));
    }
    before = facts.status_at(now);
    facts.gone_at = now + surroundings_->options.delays.remove;
    return {};
  };
  auto ticket = [&] {
    const std::lock_guard changing(change_mutex_);
    return change_locked(Allowed::kNotDeleting, begin);
  }();
  const auto facts = state().facts;
  if (!ticket && facts->gone_at) return storage::Ticket{0};
  if (!ticket) return ticket;
  surroundings_->on_transition({facts->key, to_text(before), to_text(StreamStatus::kDeleting)});
  carry_out_at_once();
  return ticket;
}

Result<storage::Ticket> Stream::change(Allowed allowed, const Change& change) {
  auto ticket = [&] {
    const std::lock_guard changing(change_mutex_);
    return change_locked(allowed, change);
  }();
  if (ticket) carry_out_at_once();
  return ticket;
}

Result<storage::Ticket> Stream::change_locked(Allowed allowed, const Change& change) {
  const StreamState state = this->state();
  const StreamStatus status = state.facts->status_at(clock_.now());
  if (!is_allowed(status, allowed)) {
    return std::unexpected(stream_not_active(state.facts->key, to_text(status)));
  }
  StreamFacts facts = *state.facts;
  TRY(change(facts));
  // What a longer retention would bring back has expired for good.
  if (facts.retention_hours > state.facts->retention_hours) TRY(trim_expired());
  storage::TableBatch batch = begin_change(facts);
  return engine_.write(batch);
}

Result<storage::Ticket> Stream::reshard(const Plan& plan) {
  auto ticket = [&] {
    const std::lock_guard changing(change_mutex_);
    return reshard_locked(plan);
  }();
  if (ticket) carry_out_at_once();
  return ticket;
}

Result<storage::Ticket> Stream::reshard_locked(const Plan& plan) {
  const StreamState state = this->state();
  const TimePoint now = clock_.now();
  const StreamStatus status = state.facts->status_at(now);
  if (status != StreamStatus::kActive) {
    return std::unexpected(stream_not_active(state.facts->key, to_text(status)));
  }
  if (state.facts->settings.mode == StreamMode::kOnDemand) {
    return std::unexpected(stream_is_on_demand(state.facts->key));
  }
  auto steps = TRY(plan(state));
  if (steps.empty()) return storage::Ticket{0};
  // A step opens two shards at most.
  TRY(surroundings_->shards_held.check(state.facts->key, state.shards->next_index(),
                                       2 * steps.size()));
  return begin_update(
      {now + surroundings_->options.delays.reshard, std::move(steps), state.facts->settings});
}

Result<storage::Ticket> Stream::update(const SettingsChange& change) {
  auto ticket = [&] {
    const std::lock_guard changing(change_mutex_);
    return update_locked(change);
  }();
  if (ticket) carry_out_at_once();
  return ticket;
}

Result<storage::Ticket> Stream::update_locked(const SettingsChange& change) {
  const auto facts = state().facts;
  const TimePoint now = clock_.now();
  const StreamStatus status = facts->status_at(now);
  if (status != StreamStatus::kActive) {
    return std::unexpected(stream_not_active(facts->key, to_text(status)));
  }
  StreamSettings settings = facts->settings;
  TRY(change(*facts, settings));
  if (settings == facts->settings) return storage::Ticket{0};
  return begin_update({now + surroundings_->options.delays.update, {}, std::move(settings)});
}

Result<storage::Ticket> Stream::begin_update(PendingUpdate update) {
  StreamFacts facts = *state().facts;
  facts.update = std::move(update);
  storage::TableBatch batch = begin_change(facts);
  const auto ticket = TRY(engine_.write(batch));
  surroundings_->on_transition(
      {facts.key, to_text(StreamStatus::kActive), to_text(StreamStatus::kUpdating)});
  return ticket;
}

void Stream::note_end_of_creating() {
  if (!was_creating_.load(std::memory_order_relaxed)) return;
  const auto facts = state().facts;
  const StreamStatus status = facts->status_at(clock_.now());
  if (status == StreamStatus::kCreating || !was_creating_.exchange(false)) return;
  surroundings_->on_transition({facts->key, to_text(StreamStatus::kCreating), to_text(status)});
}

bool Stream::has_something_due() const {
  const StreamState state = this->state();
  const StreamFacts& facts = *state.facts;
  const TimePoint now = clock_.now();
  if (facts.is_due(now)) return true;
  if (facts.gone_at) return false;  // Nothing but its end happens to it any more.
  if (state.shards->first_closed_second() < seconds_of(facts.horizon_at(now))) return true;
  return facts.settings.mode == StreamMode::kOnDemand && load_.has_finished(now);
}

bool Stream::is_gone() const {
  const auto facts = state().facts;
  return facts->gone_at && facts->is_due(clock_.now());
}

Result<void> Stream::carry_out_due() {
  const std::lock_guard changing(change_mutex_);
  const auto facts = state().facts;
  const TimePoint now = clock_.now();
  if (facts->is_due(now)) {  // Else somebody else was faster.
    if (facts->gone_at) return carry_out_removal();
    StreamFacts updated = *facts;
    updated.settings = facts->update->settings;
    updated.update.reset();
    TRY(apply(updated, facts->update->steps, facts->update->due));
  }
  if (facts->gone_at) return {};
  // What fails here is tried again by whoever looks next; reads do not depend on it.
  [[maybe_unused]] const auto forgotten = forget_expired_shards();
  if (facts->settings.mode != StreamMode::kOnDemand) return {};
  return grow();
}

void Stream::carry_out_at_once() {
  if (is_removed_) return;
  if (has_something_due()) {
    [[maybe_unused]] const auto done = carry_out_due();
  } else if (state().facts->next_due()) {
    wake_readers();
  }
}

void Stream::wake_readers() const {
  for (const Shard& shard : state().shards->shards()) surroundings_->on_shard_end(log(shard.index));
}

// Lets an on-demand stream grow by the load of a window that has passed.
Result<void> Stream::grow() {
  const TimePoint now = clock_.now();
  auto finished = load_.take_finished(now);
  if (!finished) return {};
  const StreamState state = this->state();
  const std::chrono::seconds window = load_.window();
  StreamFacts facts = *state.facts;
  note_peak(facts.peaks, finished->load, window, finished->end);
  std::vector<Reshard> steps;
  if (facts.status_at(now) == StreamStatus::kActive) {
    steps =
        plan_growth(*state.shards, finished->load, window, on_demand_shards_max(facts.peaks, now));
    // A step opens two shards at most.
    const std::uint32_t next_index = state.shards->next_index();
    if (!surroundings_->shards_held.check(facts.key, next_index, 2 * steps.size())) steps.clear();
  }
  if (steps.empty() && facts.peaks == state.facts->peaks) return {};
  const auto grown = apply(facts, steps, now);
  if (!grown) load_.give_back(std::move(*finished));
  return grown;
}

Result<ShardEnd> Stream::end_of(const Shard& shard, TimePoint due) const {
  const auto bounds = TRY(engine_.bounds(log(shard.index)));
  const std::int64_t closed = std::max(seconds_of(due), seconds_of(bounds.last_arrival));
  return ShardEnd{bounds.next, std::max(closed, shard.creation_second), closed};
}

// Takes the steps and has `facts` from then on, in one write.
Result<void> Stream::apply(const StreamFacts& facts, const std::vector<Reshard>& steps,
                           TimePoint due) {
  // From here to the switch no put is between routing and its positions: where the parents end now
  // is where they end.
  const std::unique_lock gate(gate_);
  const StreamState before = state();
  const std::uint32_t first_new = before.shards->next_index();
  std::optional<Error> error;
  std::vector<std::uint32_t> closed;
  ShardMap shards = *before.shards;
  for (const Reshard& step : steps) {
    shards = shards.after(step, [&](const Shard& parent) -> ShardEnd {
      closed.push_back(parent.index);
      // A shard that this reshard itself made lives for no time and has no records.
      if (parent.index >= first_new) return {0, parent.creation_second, parent.opened_second - 1};
      const auto end = end_of(parent, due);
      if (!end) error = end.error();
      return end.value_or(ShardEnd{});
    });
    if (error) return std::unexpected(*error);
  }

  storage::TableBatch batch = begin_change(facts);
  for (const std::uint32_t index : closed) {
    batch.put(rows::shard_row_key(facts.id, index), rows::encode(*shards.find(index)));
  }
  rows::put_shards(batch, facts.id, shards, first_new);
  TRY(engine_.write(batch));
  const std::size_t opened = shards.next_index() - first_new;
  for (const std::uint32_t index : closed) surroundings_->on_shard_end(log(index));
  const StreamStatus status =
      before.facts->update ? StreamStatus::kUpdating : StreamStatus::kActive;
  if (before.facts->update || !steps.empty()) {
    surroundings_->on_transition({before.facts->key, to_text(status),
                                  to_text(StreamStatus::kActive), closed.size(), opened});
  }
  return {};
}

Result<void> Stream::carry_out_removal() {
  if (is_removed_) return {};  // Somebody else was faster.
  storage::TableBatch batch;
  add_removal(batch);
  TRY(engine_.write(batch));
  // The stream is gone. What fails here is tried again by Maintenance.
  const DroppedShards dropped = finish_removal();
  [[maybe_unused]] const auto done = drop_logs(engine_, {&dropped, 1});
  return {};
}

void Stream::add_removal(storage::TableBatch& batch) const {
  const StreamState state = this->state();
  batch.expect(rows::stream_row_key(id_), rows::encode(*state.facts));
  batch.remove(rows::stream_row_key(id_));
  for (const Shard& shard : state.shards->shards()) {
    batch.remove(rows::shard_row_key(id_, shard.index));
  }
  rows::put_dropped(batch, {id_, 0, state.shards->next_index()});
}

DroppedShards Stream::finish_removal() {
  // Whoever has been routing has positions after this, and whoever comes finds no stream.
  {
    const std::unique_lock gate(gate_);
  }
  const StreamState state = this->state();
  for (const Shard& shard : state.shards->shards()) surroundings_->on_shard_end(log(shard.index));
  surroundings_->on_transition(
      {state.facts->key, to_text(StreamStatus::kDeleting), "none", state.shards->open_count(), 0});
  return {id_, 0, state.shards->next_index()};
}

void Stream::hear_end() {
  StreamState state = this->state();
  StreamFacts facts = *state.facts;
  facts.gone_at = facts.created_at;
  state.facts = std::make_shared<const StreamFacts>(std::move(facts));
  is_removed_ = true;
  hear(std::move(state));
}

Result<void> Stream::trim_expired() {
  const StreamState state = this->state();
  std::vector<storage::Trim> trims;
  for (const Shard& shard : state.shards->shards()) {
    const auto position = TRY(skip_expired(*state.facts, shard.index, 0));
    trims.push_back({log(shard.index), position});
  }
  return engine_.trim(trims);
}

Result<void> Stream::forget_expired_shards() {
  const std::unique_lock gate(gate_);
  const StreamState state = this->state();
  const std::int64_t horizon = seconds_of(state.facts->horizon_at(clock_.now()));
  storage::TableBatch batch = begin_batch();
  std::vector<DroppedShards> gone;
  for (const Shard& shard : state.shards->shards()) {
    if (shard.is_open() || shard.end->closed_second >= horizon) continue;
    batch.remove(rows::shard_row_key(id_, shard.index));
    rows::put_dropped(batch, gone.emplace_back(id_, shard.index, 1));
  }
  if (gone.empty()) return {};
  TRY(engine_.write(batch));
  return drop_logs(engine_, gone);
}

void Stream::expire() {
  const std::lock_guard changing(change_mutex_);
  const StreamState state = this->state();
  if (state.facts->gone_at) return;
  meter_.forget_readers([&](std::string_view consumer, std::uint32_t shard_index) {
    return state.shards->find(shard_index) != nullptr &&
           (consumer.empty() || state.facts->consumers.contains(consumer));
  });
  if (!trim_expired()) return;
  [[maybe_unused]] const auto forgotten = forget_expired_shards();
}

}  // namespace millrace::streams
