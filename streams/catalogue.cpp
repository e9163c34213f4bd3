#include "streams/catalogue.h"

#include <algorithm>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <shared_mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/bytes.h"
#include "base/clock.h"
#include "base/error.h"
#include "storage/engine.h"
#include "streams/errors.h"
#include "streams/rows.h"
#include "streams/shard_map.h"
#include "streams/stream.h"
#include "streams/stream_facts.h"
#include "streams/stream_key.h"

namespace millrace::streams {
namespace {

// How far the service's numbers start before the call that makes the shards, in seconds.
constexpr std::int64_t kShardsBeforeStream = 2;

Error damaged_row() { return {kInternalFailure, "A stored row is damaged."}; }

void put_shard_rows(storage::TableBatch& batch, std::uint32_t id, const ShardMap& shards,
                    std::uint32_t from_index) {
  for (const Shard& shard : shards.shards()) {
    if (shard.index >= from_index) {
      batch.put(rows::shard_row_key(id, shard.index), rows::encode(shard));
    }
  }
}

std::vector<storage::LogId> logs_of(std::uint32_t stream_id, std::uint32_t shard_count) {
  std::vector<storage::LogId> logs;
  for (std::uint32_t i = 0; i < shard_count; ++i) logs.push_back(log_of(stream_id, i));
  return logs;
}

}  // namespace

Result<std::unique_ptr<Catalogue>> Catalogue::open(storage::Engine& engine, Clock& clock,
                                                   TransitionDelays delays) {
  std::unique_ptr<Catalogue> catalogue(new Catalogue(engine, clock, delays));
  if (auto loaded = catalogue->load(); !loaded) return std::unexpected(loaded.error());
  if (auto dropped = catalogue->finish_drops(); !dropped) return std::unexpected(dropped.error());
  return catalogue;
}

Result<void> Catalogue::load() {
  std::map<std::uint32_t, std::vector<Shard>> shards;
  std::vector<StreamFacts> streams;
  bool is_damaged = false;
  const auto scan = [&](std::string_view prefix, const auto& take) {
    return engine_.scan(prefix, [&](std::string_view key, std::string_view value) {
      is_damaged = is_damaged || !take(key, value);
      return !is_damaged;
    });
  };
  auto scanned = scan(rows::kShards, [&](std::string_view key, std::string_view value) {
    const auto shard = rows::decode_shard(value);
    ByteReader reader(key.substr(rows::kShards.size()));
    const auto id = reader.take<std::uint32_t>();
    if (shard && reader.ok()) shards[id].push_back(*shard);
    return shard && reader.ok();
  });
  if (!scanned) return scanned;
  scanned = scan(rows::kStreams, [&](std::string_view, std::string_view value) {
    auto facts = rows::decode_stream(value);
    if (facts) streams.push_back(std::move(*facts));
    return facts.has_value();
  });
  if (!scanned) return scanned;
  scanned = scan(rows::kNames, [&](std::string_view key, std::string_view value) {
    const auto name = rows::parse_name_row_key(key);
    const auto second = rows::decode_number(value);
    if (name && second) used_seconds_[*name] = static_cast<std::int64_t>(*second);
    return name && second;
  });
  if (!scanned) return scanned;
  const auto next_id = engine_.get(rows::kNextId);
  if (!next_id) return std::unexpected(next_id.error());
  if (next_id->has_value()) {
    next_id_ = static_cast<std::uint32_t>(rows::decode_number(**next_id).value_or(0));
  }
  if (is_damaged || next_id_ == 0) return std::unexpected(damaged_row());

  for (StreamFacts& facts : streams) {
    std::vector<Shard>& own = shards[facts.id];
    if (own.empty()) return std::unexpected(damaged_row());
    clock_.raise_floor(facts.created_at);
    const std::uint32_t next_index = own.back().index + 1;
    StreamState state;
    state.shards = std::make_shared<const ShardMap>(std::move(own), next_index);
    state.facts = std::make_shared<const StreamFacts>(std::move(facts));
    const StreamKey key = state.facts->key;
    streams_[key] = std::make_shared<Stream>(engine_, clock_, std::move(state));
  }
  return {};
}

// A deleted stream's logs are dropped after its rows are gone; what a crash left is dropped here.
Result<void> Catalogue::finish_drops() {
  std::vector<std::pair<std::uint32_t, std::uint32_t>> pending;
  auto scanned = engine_.scan(rows::kDropped, [&](std::string_view key, std::string_view value) {
    const auto id = rows::parse_dropped_row_key(key);
    const auto count = rows::decode_number(value);
    if (id && count) pending.emplace_back(*id, static_cast<std::uint32_t>(*count));
    return true;
  });
  if (!scanned) return scanned;
  for (const auto& [id, count] : pending) {
    if (auto dropped = engine_.drop(logs_of(id, count)); !dropped) return dropped;
    storage::TableBatch batch;
    batch.remove(rows::dropped_row_key(id));
    if (auto written = engine_.write(batch); !written) return std::unexpected(written.error());
  }
  return {};
}

Result<StreamPointer> Catalogue::find(const StreamKey& key) {
  StreamPointer stream;
  {
    const std::shared_lock lock(mutex_);
    const auto found = streams_.find(key);
    if (found == streams_.end()) return std::unexpected(stream_not_found(key));
    stream = found->second;
  }
  if (!stream->state().facts->is_due(clock_.now())) return stream;
  if (auto done = carry_out_due(stream); !done) return std::unexpected(done.error());
  if (stream->state().facts->gone_at) return std::unexpected(stream_not_found(key));
  return stream;
}

std::vector<StreamPointer> Catalogue::list_all() {
  std::vector<StreamPointer> all;
  {
    const std::shared_lock lock(mutex_);
    for (const auto& [key, stream] : streams_) all.push_back(stream);
  }
  std::erase_if(all, [&](const StreamPointer& stream) {
    const auto facts = stream->state().facts;
    if (!facts->is_due(clock_.now())) return false;
    const bool was_deleting = facts->gone_at.has_value();
    return carry_out_due(stream).has_value() && was_deleting;
  });
  return all;
}

std::vector<StreamPointer> Catalogue::list(std::string_view account, std::string_view region) {
  std::vector<StreamPointer> found = list_all();
  std::erase_if(found, [&](const StreamPointer& stream) {
    const StreamKey& key = stream->state().facts->key;
    return key.account != account || key.region != region;
  });
  return found;
}

Counts Catalogue::counts(std::string_view account, std::string_view region) {
  Counts counts;
  for (const StreamPointer& stream : list(account, region)) {
    const StreamState state = stream->state();
    const StreamStatus status = state.facts->status_at(clock_.now());
    if (status == StreamStatus::kDeleting) continue;
    if (status != StreamStatus::kCreating) counts.open_shards += state.shards->open_count();
    if (state.facts->mode == StreamMode::kOnDemand) ++counts.on_demand_streams;
  }
  return counts;
}

Result<storage::Ticket> Catalogue::create(const NewStream& wanted) {
  const std::lock_guard creating(create_mutex_);
  if (const auto found = find(wanted.key)) return std::unexpected(stream_exists(wanted.key));

  const TimePoint now = clock_.now();
  std::int64_t shard_second = seconds_of(now) - kShardsBeforeStream;
  StreamFacts facts;
  {
    const std::shared_lock lock(mutex_);
    facts.id = next_id_;
    // No number of a deleted stream of this name is given again.
    if (const auto used = used_seconds_.find(wanted.key); used != used_seconds_.end()) {
      shard_second = std::max(shard_second, used->second + 1);
    }
  }
  facts.key = wanted.key;
  facts.mode = wanted.mode;
  facts.record_kib_max = wanted.record_kib_max;
  facts.tags = wanted.tags;
  facts.created_at = std::max(now, time_from_millis((shard_second) * 1000));
  facts.active_at = now + delays_.create;
  const auto shards =
      std::make_shared<const ShardMap>(ShardMap::uniform(wanted.shard_count, shard_second));

  storage::TableBatch batch;
  batch.put(std::string(rows::kNextId), rows::encode_number(facts.id + 1));
  batch.put(rows::stream_row_key(facts.id), rows::encode(facts));
  put_shard_rows(batch, facts.id, *shards, 0);
  const auto ticket = engine_.write(batch);
  if (!ticket) return ticket;

  StreamState state{std::make_shared<const StreamFacts>(std::move(facts)), shards};
  const std::unique_lock lock(mutex_);
  ++next_id_;
  streams_[wanted.key] = std::make_shared<Stream>(engine_, clock_, std::move(state));
  return ticket;
}

Result<storage::Ticket> Catalogue::remove(Stream& stream) {
  return change(stream, [&](StreamFacts& facts) -> Result<void> {
    facts.gone_at = clock_.now() + delays_.remove;
    return {};
  });
}

Result<storage::Ticket> Catalogue::change(Stream& stream, const Change& change) {
  const std::lock_guard changing(stream.change_mutex_);
  StreamState state = stream.state();
  if (state.facts->gone_at) {
    return std::unexpected(stream_not_active(state.facts->key, to_text(StreamStatus::kDeleting)));
  }
  StreamFacts facts = *state.facts;
  if (auto changed = change(facts); !changed) return std::unexpected(changed.error());
  // What a longer retention would bring back has expired for good.
  if (facts.retention_hours > state.facts->retention_hours) {
    if (auto trimmed = trim_expired(stream); !trimmed) return std::unexpected(trimmed.error());
  }
  storage::TableBatch batch;
  batch.put(rows::stream_row_key(facts.id), rows::encode(facts));
  const auto ticket = engine_.write(batch);
  if (!ticket) return ticket;
  state.facts = std::make_shared<const StreamFacts>(std::move(facts));
  stream.switch_to(std::move(state));
  return ticket;
}

Result<storage::Ticket> Catalogue::reshard(Stream& stream, const Plan& plan) {
  const std::lock_guard changing(stream.change_mutex_);
  StreamState state = stream.state();
  const TimePoint now = clock_.now();
  const StreamStatus status = state.facts->status_at(now);
  if (status != StreamStatus::kActive) {
    return std::unexpected(stream_not_active(state.facts->key, to_text(status)));
  }
  if (state.facts->mode == StreamMode::kOnDemand) {
    return std::unexpected(stream_is_on_demand(state.facts->key));
  }
  auto steps = plan(state);
  if (!steps) return std::unexpected(steps.error());
  if (steps->empty()) return storage::Ticket{0};

  StreamFacts facts = *state.facts;
  facts.reshard = PendingReshard{now + delays_.reshard, std::move(*steps)};
  storage::TableBatch batch;
  batch.put(rows::stream_row_key(facts.id), rows::encode(facts));
  const auto ticket = engine_.write(batch);
  if (!ticket) return ticket;
  state.facts = std::make_shared<const StreamFacts>(std::move(facts));
  stream.switch_to(std::move(state));
  return ticket;
}

Result<void> Catalogue::carry_out_due(const StreamPointer& stream) {
  const std::lock_guard changing(stream->change_mutex_);
  const auto facts = stream->state().facts;
  if (!facts->is_due(clock_.now())) return {};  // Somebody else was faster.
  return facts->gone_at ? carry_out_removal(stream) : carry_out_reshard(*stream);
}

Result<ShardEnd> Catalogue::end_of(const Stream& stream, const Shard& shard, TimePoint due) const {
  const auto bounds = engine_.bounds(stream.log(shard.index));
  if (!bounds) return std::unexpected(bounds.error());
  const std::int64_t second =
      std::max({seconds_of(due), seconds_of(bounds->last_arrival), shard.creation_second});
  return ShardEnd{bounds->next, second};
}

Result<void> Catalogue::carry_out_reshard(Stream& stream) {
  // From here to the switch no put is between routing and its positions: where the parents end now
  // is where they end.
  const std::unique_lock gate(stream.gate_);
  const StreamState before = stream.state();
  const std::uint32_t first_new = before.shards->next_index();
  const PendingReshard& pending = *before.facts->reshard;
  std::optional<Error> error;
  std::vector<std::uint32_t> closed;
  ShardMap shards = *before.shards;
  for (const Reshard& step : pending.steps) {
    shards = shards.after(step, [&](const Shard& parent) -> ShardEnd {
      closed.push_back(parent.index);
      // A shard that this reshard itself made lives for no time and has no records.
      if (parent.index >= first_new) return {0, parent.creation_second};
      const auto end = end_of(stream, parent, pending.due);
      if (!end) error = end.error();
      return end.value_or(ShardEnd{});
    });
    if (error) return std::unexpected(*error);
  }
  StreamFacts facts = *before.facts;
  facts.reshard.reset();

  storage::TableBatch batch;
  batch.put(rows::stream_row_key(facts.id), rows::encode(facts));
  for (const std::uint32_t index : closed) {
    batch.put(rows::shard_row_key(facts.id, index), rows::encode(*shards.find(index)));
  }
  put_shard_rows(batch, facts.id, shards, first_new);
  if (auto written = engine_.write(batch); !written) return std::unexpected(written.error());
  stream.switch_to({std::make_shared<const StreamFacts>(std::move(facts)),
                    std::make_shared<const ShardMap>(std::move(shards))});
  return {};
}

Result<void> Catalogue::carry_out_removal(const StreamPointer& stream) {
  const std::unique_lock gate(stream->gate_);
  const StreamState state = stream->state();
  const std::uint32_t id = state.facts->id;
  const std::uint32_t shard_count = state.shards->next_index();
  const std::int64_t second = stream->newest_second();

  storage::TableBatch batch;
  batch.remove(rows::stream_row_key(id));
  for (const Shard& shard : state.shards->shards()) {
    batch.remove(rows::shard_row_key(id, shard.index));
  }
  batch.put(rows::dropped_row_key(id), rows::encode_number(shard_count));
  batch.put(rows::name_row_key(state.facts->key),
            rows::encode_number(static_cast<std::uint64_t>(second)));
  if (auto written = engine_.write(batch); !written) return std::unexpected(written.error());
  {
    const std::unique_lock lock(mutex_);
    used_seconds_[state.facts->key] = second;
    const auto found = streams_.find(state.facts->key);
    if (found != streams_.end() && found->second == stream) streams_.erase(found);
  }
  if (auto dropped = engine_.drop(logs_of(id, shard_count)); !dropped) return dropped;
  storage::TableBatch after;
  after.remove(rows::dropped_row_key(id));
  if (auto written = engine_.write(after); !written) return std::unexpected(written.error());
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
  std::vector<storage::LogId> logs;
  const ShardMap kept = state.shards->without([&](const Shard& shard) {
    if (shard.is_open() || shard.end->second >= horizon) return false;
    batch.remove(rows::shard_row_key(state.facts->id, shard.index));
    logs.push_back(stream.log(shard.index));
    return true;
  });
  if (logs.empty()) return {};
  if (auto written = engine_.write(batch); !written) return std::unexpected(written.error());
  stream.switch_to({state.facts, std::make_shared<const ShardMap>(kept)});
  return engine_.drop(logs);
}

void Catalogue::expire() {
  for (const StreamPointer& stream : list_all()) {
    const std::lock_guard changing(stream->change_mutex_);
    if (stream->state().facts->gone_at) continue;
    // What fails now is tried again by the next call; reads never depend on it.
    if (!trim_expired(*stream)) continue;
    if (!forget_expired_shards(*stream)) continue;
  }
  const std::unique_lock lock(mutex_);
  const std::int64_t now = seconds_of(clock_.now());
  std::erase_if(used_seconds_, [&](const auto& entry) {
    return entry.second + kShardsBeforeStream < now && !streams_.contains(entry.first);
  });
}

}  // namespace millrace::streams
