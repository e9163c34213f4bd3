// The part of the catalogue that carries out what is due: transitions, growth, removals, expiry.

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/error.h"
#include "storage/engine.h"
#include "streams/catalogue.h"
#include "streams/on_demand.h"
#include "streams/rows.h"
#include "streams/shard_map.h"
#include "streams/stream.h"
#include "streams/stream_facts.h"

namespace millrace::streams {
namespace {

std::vector<storage::LogId> logs_of(const rows::DroppedShards& shards) {
  std::vector<storage::LogId> logs;
  for (std::uint32_t i = 0; i < shards.count; ++i) {
    logs.push_back(log_of(shards.stream_id, shards.first + i));
  }
  return logs;
}

}  // namespace

bool Catalogue::has_something_due(const Stream& stream) const {
  const StreamState state = stream.state();
  const StreamFacts& facts = *state.facts;
  const TimePoint now = clock_.now();
  if (facts.is_due(now)) return true;
  if (facts.gone_at) return false;  // Nothing but its end happens to it any more.
  if (state.shards->first_closed_second() < seconds_of(facts.horizon_at(now))) return true;
  return facts.settings.mode == StreamMode::kOnDemand && stream.load_.has_finished(now);
}

bool Catalogue::is_gone(const Stream& stream) const {
  const auto facts = stream.state().facts;
  return facts->gone_at && facts->is_due(clock_.now());
}

Result<void> Catalogue::carry_out_due(const StreamPointer& stream) {
  const std::lock_guard changing(stream->change_mutex_);
  const auto facts = stream->state().facts;
  const TimePoint now = clock_.now();
  if (facts->is_due(now)) {  // Else somebody else was faster.
    if (facts->gone_at) return carry_out_removal(stream);
    StreamFacts updated = *facts;
    updated.settings = facts->update->settings;
    updated.update.reset();
    auto applied = apply(*stream, std::move(updated), facts->update->steps, facts->update->due);
    if (!applied) return applied;
  }
  if (facts->gone_at) return {};
  // What fails here is tried again by whoever looks next; reads do not depend on it.
  [[maybe_unused]] const auto forgotten = forget_expired_shards(*stream);
  if (facts->settings.mode != StreamMode::kOnDemand) return {};
  return grow(*stream);
}

void Catalogue::carry_out_at_once(const Stream& stream) {
  const StreamPointer own = look_up(stream.state().facts->key);
  if (own.get() != &stream || !has_something_due(*own)) return;
  [[maybe_unused]] const auto done = carry_out_due(own);
}

void Catalogue::wake_readers(const Stream& stream) const {
  for (const Shard& shard : stream.state().shards->shards()) {
    shard_end_listener_(stream.log(shard.index));
  }
}

// Lets an on-demand stream grow by the load of a window that has passed.
Result<void> Catalogue::grow(Stream& stream) {
  const TimePoint now = clock_.now();
  const auto finished = stream.load_.take_finished(now);
  if (!finished) return {};
  const StreamState state = stream.state();
  const std::chrono::seconds window = stream.load_.window();
  StreamFacts facts = *state.facts;
  note_peak(facts.peaks, finished->load, window, finished->end);
  std::vector<Reshard> steps;
  if (facts.status_at(now) == StreamStatus::kActive) {
    steps =
        plan_growth(*state.shards, finished->load, window, on_demand_shards_max(facts.peaks, now));
    // A step opens two shards at most.
    const std::uint32_t next_index = state.shards->next_index();
    if (!check_shards_held(facts.key, next_index, 2 * steps.size())) steps.clear();
  }
  if (steps.empty() && facts.peaks == state.facts->peaks) return {};
  return apply(stream, std::move(facts), steps, now);
}

Result<ShardEnd> Catalogue::end_of(const Stream& stream, const Shard& shard, TimePoint due) const {
  const auto bounds = engine_.bounds(stream.log(shard.index));
  if (!bounds) return std::unexpected(bounds.error());
  const std::int64_t closed = std::max(seconds_of(due), seconds_of(bounds->last_arrival));
  return ShardEnd{bounds->next, std::max(closed, shard.creation_second), closed};
}

// Takes the steps and switches to `facts`, in one write.
Result<void> Catalogue::apply(Stream& stream, StreamFacts facts, const std::vector<Reshard>& steps,
                              TimePoint due) {
  // From here to the switch no put is between routing and its positions: where the parents end now
  // is where they end.
  const std::unique_lock gate(stream.gate_);
  const StreamState before = stream.state();
  const std::uint32_t first_new = before.shards->next_index();
  std::optional<Error> error;
  std::vector<std::uint32_t> closed;
  ShardMap shards = *before.shards;
  for (const Reshard& step : steps) {
    shards = shards.after(step, [&](const Shard& parent) -> ShardEnd {
      closed.push_back(parent.index);
      // A shard that this reshard itself made lives for no time and has no records.
      if (parent.index >= first_new) return {0, parent.creation_second, parent.opened_second - 1};
      const auto end = end_of(stream, parent, due);
      if (!end) error = end.error();
      return end.value_or(ShardEnd{});
    });
    if (error) return std::unexpected(*error);
  }

  storage::TableBatch batch;
  batch.put(rows::stream_row_key(facts.id), rows::encode(facts));
  for (const std::uint32_t index : closed) {
    batch.put(rows::shard_row_key(facts.id, index), rows::encode(*shards.find(index)));
  }
  rows::put_shards(batch, facts.id, shards, first_new);
  if (auto written = engine_.write(batch); !written) return std::unexpected(written.error());
  const std::size_t opened = shards.next_index() - first_new;
  shards_held_ += shards.shards().size() - before.shards->shards().size();
  stream.switch_to({std::make_shared<const StreamFacts>(std::move(facts)),
                    std::make_shared<const ShardMap>(std::move(shards))});
  for (const std::uint32_t index : closed) shard_end_listener_(stream.log(index));
  const StreamStatus status =
      before.facts->update ? StreamStatus::kUpdating : StreamStatus::kActive;
  if (before.facts->update || !steps.empty()) {
    transition_listener_({before.facts->key, to_text(status), to_text(StreamStatus::kActive),
                          closed.size(), opened});
  }
  return {};
}

Result<void> Catalogue::carry_out_removal(const StreamPointer& stream) {
  const std::unique_lock gate(stream->gate_);
  const StreamState state = stream->state();
  if (look_up(state.facts->key) != stream) return {};  // Somebody else was faster.
  const std::uint32_t id = state.facts->id;
  const rows::DroppedShards dropped{id, 0, state.shards->next_index()};

  storage::TableBatch batch;
  batch.remove(rows::stream_row_key(id));
  for (const Shard& shard : state.shards->shards()) {
    batch.remove(rows::shard_row_key(id, shard.index));
  }
  rows::put_dropped(batch, dropped);
  if (auto written = engine_.write(batch); !written) return std::unexpected(written.error());
  {
    const std::unique_lock lock(mutex_);
    streams_.erase(state.facts->key);
  }
  shards_held_ -= state.shards->shards().size();
  for (const Shard& shard : state.shards->shards()) shard_end_listener_(stream->log(shard.index));
  transition_listener_(
      {state.facts->key, to_text(StreamStatus::kDeleting), "none", state.shards->open_count(), 0});
  // The stream is gone. What fails here is tried again by expire().
  [[maybe_unused]] const auto done = drop_logs(dropped);
  return {};
}

Result<void> Catalogue::trim_expired(Stream& stream) {
  const StreamState state = stream.state();
  std::vector<storage::Trim> trims;
  for (const Shard& shard : state.shards->shards()) {
    const auto position = stream.skip_expired(*state.facts, shard.index, 0);
    if (!position) return std::unexpected(position.error());
    trims.push_back({stream.log(shard.index), *position});
  }
  return engine_.trim(trims);
}

Result<void> Catalogue::forget_expired_shards(Stream& stream) {
  const std::unique_lock gate(stream.gate_);
  const StreamState state = stream.state();
  const std::int64_t horizon = seconds_of(state.facts->horizon_at(clock_.now()));
  storage::TableBatch batch;
  std::vector<rows::DroppedShards> gone;
  const ShardMap kept = state.shards->without([&](const Shard& shard) {
    if (shard.is_open() || shard.end->closed_second >= horizon) return false;
    batch.remove(rows::shard_row_key(state.facts->id, shard.index));
    rows::put_dropped(batch, gone.emplace_back(state.facts->id, shard.index, 1));
    return true;
  });
  if (gone.empty()) return {};
  if (auto written = engine_.write(batch); !written) return std::unexpected(written.error());
  shards_held_ -= gone.size();
  stream.switch_to({state.facts, std::make_shared<const ShardMap>(kept)});
  for (const rows::DroppedShards& shards : gone) {
    if (auto dropped = drop_logs(shards); !dropped) return dropped;
  }
  return {};
}

// Logs are dropped after the rows of their shards are gone; in between the process may end.
Result<void> Catalogue::finish_drops() {
  std::vector<rows::DroppedShards> pending;
  auto scanned =
      engine_.scan(rows::kDropped.prefix(), [&](std::string_view key, std::string_view value) {
        auto shards = rows::parse_dropped_row_key(key);
        const auto count = rows::decode_number(value);
        if (shards && count) {
          shards->count = static_cast<std::uint32_t>(*count);
          pending.push_back(*shards);
        }
        return true;
      });
  if (!scanned) return scanned;
  for (const rows::DroppedShards& shards : pending) {
    if (auto dropped = drop_logs(shards); !dropped) return dropped;
  }
  return {};
}

Result<void> Catalogue::drop_logs(const rows::DroppedShards& shards) {
  if (auto dropped = engine_.drop(logs_of(shards)); !dropped) return dropped;
  storage::TableBatch batch;
  batch.remove(rows::dropped_row_key(shards));
  if (auto written = engine_.write(batch); !written) return std::unexpected(written.error());
  return {};
}

void Catalogue::expire() {
  for (const StreamPointer& stream : list_all()) {
    const std::lock_guard changing(stream->change_mutex_);
    const StreamState state = stream->state();
    if (state.facts->gone_at) continue;
    stream->meter().forget_readers([&](std::string_view consumer, std::uint32_t shard_index) {
      return state.shards->find(shard_index) != nullptr &&
             (consumer.empty() || state.facts->consumers.contains(consumer));
    });
    // What fails now is tried again by the next call; reads never depend on it.
    if (!trim_expired(*stream)) continue;
    if (!forget_expired_shards(*stream)) continue;
  }
  [[maybe_unused]] const auto dropped = finish_drops();
}

}  // namespace millrace::streams
