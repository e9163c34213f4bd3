#include "streams/catalogue.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <iterator>
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
#include "storage/spaces.h"
#include "streams/consumers.h"
#include "streams/errors.h"
#include "streams/quota.h"
#include "streams/rows.h"
#include "streams/shard_map.h"
#include "streams/stream.h"
#include "streams/stream_facts.h"
#include "streams/stream_key.h"

namespace millrace::streams {
namespace {

Error damaged_row() { return {kInternalFailure, "A stored row is damaged."}; }

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

// Returns true if a stream has `mode`, or has it once its pending update is carried out.
bool counts_as(StreamMode mode, const StreamFacts& facts) {
  return facts.settings.mode == mode || (facts.update && facts.update->settings.mode == mode);
}

// Returns how many shards of a stream count for its account's limit. A pending update has its
// shards reserved, so that it never ends above the limit.
std::size_t limited_shards(const StreamState& state) {
  if (!counts_as(StreamMode::kProvisioned, *state.facts)) return 0;
  const auto& update = state.facts->update;
  const std::size_t open = state.shards->open_count();
  return update ? std::max(open, open_count_after(open, update->steps)) : open;
}

}  // namespace

Result<std::unique_ptr<Catalogue>> Catalogue::open(storage::Engine& engine, storage::IdSource& ids,
                                                   Clock& clock, Quotas& quotas,
                                                   const CatalogueOptions& options) {
  std::unique_ptr<Catalogue> catalogue(new Catalogue(engine, ids, clock, quotas, options));
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
  auto scanned = scan(rows::kShards.prefix(), [&](std::string_view key, std::string_view value) {
    const auto shard = rows::decode_shard(value);
    ByteReader reader(key.substr(rows::kShards.prefix().size()));
    const auto id = reader.take<std::uint32_t>();
    if (shard && reader.ok()) shards[id].push_back(*shard);
    return shard && reader.ok();
  });
  if (!scanned) return scanned;
  scanned = scan(rows::kStreams.prefix(), [&](std::string_view, std::string_view value) {
    auto facts = rows::decode_stream(value);
    if (facts) streams.push_back(std::move(*facts));
    return facts.has_value();
  });
  if (!scanned) return scanned;
  if (is_damaged) return std::unexpected(damaged_row());

  for (StreamFacts& facts : streams) {
    std::vector<Shard>& own = shards[facts.id];
    if (own.empty()) return std::unexpected(damaged_row());
    clock_.raise_floor(facts.created_at);
    const std::uint32_t next_index = own.back().index + 1;
    StreamState state;
    state.shards = std::make_shared<const ShardMap>(std::move(own), next_index);
    state.facts = std::make_shared<const StreamFacts>(std::move(facts));
    const StreamKey key = state.facts->key;
    streams_[key] = make_stream(std::move(state));
  }
  return {};
}

StreamPointer Catalogue::make_stream(StreamState state) {
  shards_held_ += state.shards->shards().size();
  const bool is_creating = state.facts->status_at(clock_.now()) == StreamStatus::kCreating;
  auto stream =
      std::make_shared<Stream>(engine_, clock_, quotas_, options_.load_window, std::move(state));
  stream->was_creating_ = is_creating;
  return stream;
}

void Catalogue::note_end_of_creating(Stream& stream) {
  if (!stream.was_creating_.load(std::memory_order_relaxed)) return;
  const auto facts = stream.state().facts;
  const StreamStatus status = facts->status_at(clock_.now());
  if (status == StreamStatus::kCreating || !stream.was_creating_.exchange(false)) return;
  transition_listener_({facts->key, to_text(StreamStatus::kCreating), to_text(status)});
}

StreamPointer Catalogue::look_up(const StreamKey& key) const {
  const std::shared_lock lock(mutex_);
  const auto found = streams_.find(key);
  return found == streams_.end() ? nullptr : found->second;
}

Result<StreamPointer> Catalogue::find(const StreamKey& key) {
  auto stream = look_up(key);
  if (!stream) return std::unexpected(stream_not_found(key));
  note_end_of_creating(*stream);
  if (!has_something_due(*stream)) return stream;
  // A full or failing store takes no transitions, but is read from all the same: the stream is as
  // it was before then, and whoever looks next tries again. A change meets the error itself.
  [[maybe_unused]] const auto done = carry_out_due(stream);
  if (is_gone(*stream)) return std::unexpected(stream_not_found(key));
  return stream;
}

std::vector<StreamPointer> Catalogue::list_all() {
  std::vector<StreamPointer> all;
  {
    const std::shared_lock lock(mutex_);
    for (const auto& [key, stream] : streams_) all.push_back(stream);
  }
  remove_gone(all);
  return all;
}

void Catalogue::remove_gone(std::vector<StreamPointer>& streams) {
  std::erase_if(streams, [&](const StreamPointer& stream) {
    note_end_of_creating(*stream);
    if (!has_something_due(*stream)) return false;
    // What fails here is tried again by whoever looks next. The stream is gone all the same.
    [[maybe_unused]] const auto done = carry_out_due(stream);
    return is_gone(*stream);
  });
}

std::vector<StreamPointer> Catalogue::list(std::string_view account, std::string_view region,
                                           std::string_view after, std::size_t count_max) {
  StreamKey last{std::string(account), std::string(region), std::string(after)};
  std::vector<StreamPointer> found;
  for (bool has_more = true; has_more && found.size() < count_max;) {
    std::vector<StreamPointer> next;
    {
      const std::shared_lock lock(mutex_);
      auto at = streams_.upper_bound(last);
      const auto is_of_these = [&] {
        return at != streams_.end() && at->first.account == account && at->first.region == region;
      };
      for (; is_of_these() && found.size() + next.size() < count_max; ++at) {
        next.push_back(at->second);
      }
      has_more = is_of_these();
      if (!next.empty()) last = std::prev(at)->first;
    }
    remove_gone(next);  // Others take their places.
    std::ranges::move(next, std::back_inserter(found));
  }
  return found;
}

Counts Catalogue::counts(std::string_view account, std::string_view region) {
  Counts counts;
  for (const StreamPointer& stream : list(account, region)) {
    const StreamState state = stream->state();
    const StreamStatus status = state.facts->status_at(clock_.now());
    if (status == StreamStatus::kDeleting) {
      ++counts.deleting_streams;
      continue;
    }
    const std::size_t open = state.shards->open_count();
    if (status != StreamStatus::kCreating) counts.open_shards += open;
    if (status == StreamStatus::kCreating) ++counts.creating_streams;
    if (counts_as(StreamMode::kOnDemand, *state.facts)) ++counts.on_demand_streams;
    counts.provisioned_shards += limited_shards(state);
  }
  return counts;
}

Result<void> Catalogue::check_shards_held(const StreamKey& key, std::uint32_t next_index,
                                          std::size_t additional) const {
  if (next_index + additional > storage::kPartsMax) {
    return std::unexpected(shard_limit_exceeded(key, next_index, storage::kPartsMax, additional));
  }
  const std::size_t held = shards_held_;
  if (held + additional <= options_.shards_held_max) return {};
  return std::unexpected(shard_limit_exceeded(key, held, options_.shards_held_max, additional));
}

Result<void> Catalogue::check_shard_limit(const StreamKey& key, std::size_t current,
                                          std::size_t additional) {
  const std::size_t max = options_.account_shards_max;
  if (quotas_.count("account_shards", current + additional, max)) return {};
  return std::unexpected(shard_limit_exceeded(key, current, max, additional));
}

Result<void> Catalogue::check_new_stream(const NewStream& wanted) {
  const bool may_be_creating = options_.delays.create.count() > 0;
  if (!may_be_creating && quotas_.is_off()) return {};  // Counting looks at every stream.
  const Counts counts = this->counts(wanted.key.account, wanted.key.region);
  // Without limits DELETING does not count: a suite deletes the streams of one test and goes on
  // with the next.
  const std::size_t changing = counts.creating_streams + counts.deleting_streams;
  const bool is_within = quotas_.count("changing_streams", changing + 1, kStreamsChangingMax);
  if (!is_within || counts.creating_streams >= kStreamsChangingMax) {
    return std::unexpected(too_many_streams_changing(wanted.key, kStreamsChangingMax));
  }
  if (wanted.settings.mode == StreamMode::kProvisioned) {
    return check_shard_limit(wanted.key, counts.provisioned_shards, wanted.shard_count);
  }
  return check_on_demand_limit(wanted.key, counts.on_demand_streams);
}

Result<void> Catalogue::check_on_demand_limit(const StreamKey& key, std::size_t current) {
  if (quotas_.count("on_demand_streams", current + 1, kOnDemandStreamsMax)) return {};
  return fail(kLimitExceeded,
              "This request would exceed the number of on-demand streams that "
              "account " +
                  key.account + " may have in " + key.region + ": " +
                  std::to_string(kOnDemandStreamsMax) + ".");
}

Result<storage::Ticket> Catalogue::create(const NewStream& wanted) {
  const std::lock_guard creating(create_mutex_);
  if (const auto predecessor = look_up(wanted.key)) {
    if (!is_gone(*predecessor)) return std::unexpected(stream_exists(wanted.key));
    // Until that is written, its numbers could be given again and its rows would stay.
    if (auto ended = carry_out_due(predecessor); !ended) return std::unexpected(ended.error());
  }
  if (auto checked = check_new_stream(wanted); !checked) return std::unexpected(checked.error());
  if (auto checked = check_shards_held(wanted.key, 0, wanted.shard_count); !checked) {
    return std::unexpected(checked.error());
  }

  const TimePoint now = clock_.now();
  // That no number of a deleted stream of this name is given again is the engine's promise.
  const std::int64_t shard_second = seconds_of(now) - kShardsBeforeStream;
  const auto id = ids_.next();
  if (!id) return std::unexpected(id.error());
  StreamFacts facts;
  facts.id = *id;
  facts.key = wanted.key;
  facts.settings = wanted.settings;
  facts.tags = wanted.tags;
  facts.created_at = now;
  facts.active_at = now + options_.delays.create;
  const auto shards =
      std::make_shared<const ShardMap>(ShardMap::uniform(wanted.shard_count, shard_second));

  storage::TableBatch batch;
  batch.put(rows::stream_row_key(facts.id), rows::encode(facts));
  rows::put_shards(batch, facts.id, *shards, 0);
  const auto ticket = engine_.write(batch);
  if (!ticket) return ticket;

  StreamState state{std::make_shared<const StreamFacts>(std::move(facts)), shards};
  const StreamPointer stream = make_stream(std::move(state));
  const StreamStatus status =
      stream->was_creating_ ? StreamStatus::kCreating : StreamStatus::kActive;
  transition_listener_({wanted.key, "none", to_text(status), 0, wanted.shard_count});
  const std::unique_lock lock(mutex_);
  streams_[wanted.key] = stream;
  return ticket;
}

Result<storage::Ticket> Catalogue::remove(Stream& stream, bool with_consumers) {
  StreamStatus before{};
  auto ticket =
      change_locked(stream, Allowed::kNotDeleting, [&](StreamFacts& facts) -> Result<void> {
        const TimePoint now = clock_.now();
        if (!with_consumers && count_consumers(facts.consumers, now) > 0) {
          return std::unexpected(stream_has_consumers(facts.key));
        }
        before = facts.status_at(now);
        facts.gone_at = now + options_.delays.remove;
        return {};
      });
  if (!ticket && stream.state().facts->gone_at) return storage::Ticket{0};
  if (!ticket) return ticket;
  transition_listener_(
      {stream.state().facts->key, to_text(before), to_text(StreamStatus::kDeleting)});
  carry_out_at_once(stream);
  return ticket;
}

Result<storage::Ticket> Catalogue::change(Stream& stream, Allowed allowed, const Change& change) {
  auto ticket = change_locked(stream, allowed, change);
  if (ticket) carry_out_at_once(stream);
  return ticket;
}

Result<storage::Ticket> Catalogue::change_locked(Stream& stream, Allowed allowed,
                                                 const Change& change) {
  const std::lock_guard changing(stream.change_mutex_);
  StreamState state = stream.state();
  const StreamStatus status = state.facts->status_at(clock_.now());
  if (!is_allowed(status, allowed)) {
    return std::unexpected(stream_not_active(state.facts->key, to_text(status)));
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
  auto ticket = reshard_locked(stream, plan);
  if (ticket) carry_out_at_once(stream);
  return ticket;
}

Result<storage::Ticket> Catalogue::reshard_locked(Stream& stream, const Plan& plan) {
  const std::lock_guard changing(stream.change_mutex_);
  StreamState state = stream.state();
  const TimePoint now = clock_.now();
  const StreamStatus status = state.facts->status_at(now);
  if (status != StreamStatus::kActive) {
    return std::unexpected(stream_not_active(state.facts->key, to_text(status)));
  }
  if (state.facts->settings.mode == StreamMode::kOnDemand) {
    return std::unexpected(stream_is_on_demand(state.facts->key));
  }
  auto steps = plan(state);
  if (!steps) return std::unexpected(steps.error());
  if (steps->empty()) return storage::Ticket{0};
  // A step opens two shards at most.
  const std::uint32_t next_index = state.shards->next_index();
  if (auto checked = check_shards_held(state.facts->key, next_index, 2 * steps->size()); !checked) {
    return std::unexpected(checked.error());
  }
  return begin_update(stream,
                      {now + options_.delays.reshard, std::move(*steps), state.facts->settings});
}

Result<storage::Ticket> Catalogue::update(Stream& stream, const SettingsChange& change) {
  auto ticket = update_locked(stream, change);
  if (ticket) carry_out_at_once(stream);
  return ticket;
}

Result<storage::Ticket> Catalogue::update_locked(Stream& stream, const SettingsChange& change) {
  const std::lock_guard changing(stream.change_mutex_);
  const auto facts = stream.state().facts;
  const TimePoint now = clock_.now();
  const StreamStatus status = facts->status_at(now);
  if (status != StreamStatus::kActive) {
    return std::unexpected(stream_not_active(facts->key, to_text(status)));
  }
  StreamSettings settings = facts->settings;
  if (auto changed = change(*facts, settings); !changed) return std::unexpected(changed.error());
  if (settings == facts->settings) return storage::Ticket{0};
  return begin_update(stream, {now + options_.delays.update, {}, std::move(settings)});
}

Result<storage::Ticket> Catalogue::begin_update(Stream& stream, PendingUpdate update) {
  StreamState state = stream.state();
  StreamFacts facts = *state.facts;
  facts.update = std::move(update);
  storage::TableBatch batch;
  batch.put(rows::stream_row_key(facts.id), rows::encode(facts));
  const auto ticket = engine_.write(batch);
  if (!ticket) return ticket;
  state.facts = std::make_shared<const StreamFacts>(std::move(facts));
  transition_listener_(
      {state.facts->key, to_text(StreamStatus::kActive), to_text(StreamStatus::kUpdating)});
  stream.switch_to(std::move(state));
  return ticket;
}

}  // namespace millrace::streams
