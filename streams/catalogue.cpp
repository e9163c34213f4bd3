#include "streams/catalogue.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <shared_mutex>
#include <span>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/error.h"
#include "base/scope.h"
#include "base/time_point.h"
#include "base/try.h"
#include "storage/engine.h"
#include "storage/row_listeners.h"
#include "storage/spaces.h"
#include "streams/account_limits.h"
#include "streams/dropped_shards.h"
#include "streams/errors.h"
#include "streams/quota.h"
#include "streams/row_codec.h"
#include "streams/shard_map.h"
#include "streams/shard_rows.h"
#include "streams/stream.h"
#include "streams/stream_facts.h"
#include "streams/stream_key.h"
#include "streams/stream_rows.h"
#include "streams/surroundings.h"

namespace millrace::streams {

// What one batch says of a stream.
struct Catalogue::Heard {
  std::optional<StreamFacts> facts;
  bool is_removed = false;
  std::map<std::uint32_t, std::optional<Shard>> shards;  // By index; nothing: it is gone.
};

Result<std::unique_ptr<Catalogue>> Catalogue::open(storage::Engine& engine, storage::IdSource& ids,
                                                   Clock& clock, Quotas& quotas,
                                                   const CatalogueOptions& options,
                                                   const storage::Fence& fence) {
  std::unique_ptr<Catalogue> catalogue(new Catalogue(engine, ids, clock, quotas, options, fence));
  TRY(catalogue->load());
  catalogue->heard_ =
      engine.on_rows([own = catalogue.get()](std::span<const storage::RowChange> changes) {
        std::ignore = own->hear(changes);  // Rows of ours are not damaged.
      });
  TRY(finish_drops(engine));
  return catalogue;
}

Result<void> Catalogue::load() {
  std::vector<storage::RowChange> all;
  for (const storage::RowSpace& space : {rows::kStreams, rows::kShards}) {
    TRY(surroundings_->engine.scan(space.prefix(),
                                   [&](std::string_view key, std::string_view value) {
                                     all.push_back({std::string(key), std::string(value)});
                                     return true;
                                   }));
  }
  TRY(hear(all));
  for (const auto& [key, stream] : streams_) {
    surroundings_->clock.raise_floor(stream->state().facts->created_at);
  }
  return {};
}

Result<void> Catalogue::hear(std::span<const storage::RowChange> changes) {
  std::map<std::uint32_t, Heard> by_stream;
  for (const auto& [key, value] : changes) {
    if (key.starts_with(rows::kStreams.prefix())) {
      const auto id = rows::parse_stream_row_key(key);
      if (!id) return rows::damaged();
      Heard& heard = by_stream[*id];
      heard.is_removed = !value;
      if (value) heard.facts = rows::decode_stream(*value);
      if (value && !heard.facts) return rows::damaged();
    } else if (key.starts_with(rows::kShards.prefix())) {
      const auto id = rows::parse_shard_row_key(key);
      const auto shard = value ? rows::decode_shard(*value) : std::nullopt;
      if (!id || (value && !shard)) return rows::damaged();
      by_stream[id->stream_id].shards.insert_or_assign(id->index, shard);
    }
  }
  for (auto& [id, heard] : by_stream) TRY(hear_of(id, std::move(heard)));
  return {};
}

Result<void> Catalogue::hear_of(std::uint32_t stream_id, Heard heard) {
  const StreamPointer known = look_up(stream_id);
  if (!known && !heard.facts) return {};  // Shards that a stream has left behind.
  StreamState before;
  if (known) before = known->state();
  const std::size_t had = known ? before.shards->shards().size() : 0;
  if (heard.is_removed) {
    known->hear_end();
    surroundings_->shards_held.change(had, 0);
    const std::unique_lock lock(mutex_);
    by_id_.erase(stream_id);
    const auto named = streams_.find(before.facts->key);
    if (named != streams_.end() && named->second == known) streams_.erase(named);
    return {};
  }

  StreamState state = before;
  if (heard.facts) state.facts = std::make_shared<const StreamFacts>(std::move(*heard.facts));
  if (!known || !heard.shards.empty()) {
    auto shards = known ? before.shards->with(heard.shards) : ShardMap::of(heard.shards);
    if (!shards) return rows::damaged();
    surroundings_->shards_held.change(had, shards->shards().size());
    state.shards = std::make_shared<const ShardMap>(std::move(*shards));
  }
  if (known) {
    known->hear(std::move(state));
    return {};
  }
  const StreamKey key = state.facts->key;
  auto stream = std::make_shared<Stream>(surroundings_, std::move(state));
  const std::unique_lock lock(mutex_);
  by_id_[stream_id] = stream;
  streams_[key] = std::move(stream);
  return {};
}

StreamPointer Catalogue::look_up(const StreamKey& key) const {
  const std::shared_lock lock(mutex_);
  const auto found = streams_.find(key);
  return found == streams_.end() ? nullptr : found->second;
}

StreamPointer Catalogue::look_up(std::uint32_t stream_id) const {
  const std::shared_lock lock(mutex_);
  const auto found = by_id_.find(stream_id);
  return found == by_id_.end() ? nullptr : found->second;
}

Result<StreamPointer> Catalogue::find(const StreamKey& key) {
  auto stream = look_up(key);
  if (!stream) return std::unexpected(stream_not_found(key));
  stream->note_end_of_creating();
  if (!stream->has_something_due()) return stream;
  // A full or failing store takes no transitions, but is read from all the same: the stream is as
  // it was before then, and whoever looks next tries again. A change meets the error itself.
  [[maybe_unused]] const auto done = stream->carry_out_due();
  if (stream->is_gone()) return std::unexpected(stream_not_found(key));
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

std::vector<StreamPointer> Catalogue::held(const Meant& is_meant) const {
  const std::shared_lock lock(mutex_);
  std::vector<StreamPointer> found;
  for (const auto& [key, stream] : streams_) {
    if (is_meant(key)) found.push_back(stream);
  }
  return found;
}

void Catalogue::remove_gone(std::vector<StreamPointer>& streams) {
  std::erase_if(streams, [](const StreamPointer& stream) {
    stream->note_end_of_creating();
    if (!stream->has_something_due()) return false;
    // What fails here is tried again by whoever looks next. The stream is gone all the same.
    [[maybe_unused]] const auto done = stream->carry_out_due();
    return stream->is_gone();
  });
}

std::vector<StreamPointer> Catalogue::list(const Scope& scope, std::string_view after,
                                           std::size_t count_max) {
  StreamKey last{scope, std::string(after)};
  std::vector<StreamPointer> found;
  for (bool has_more = true; has_more && found.size() < count_max;) {
    std::vector<StreamPointer> next;
    {
      const std::shared_lock lock(mutex_);
      auto at = streams_.upper_bound(last);
      const auto is_of_these = [&] { return at != streams_.end() && at->first.scope == scope; };
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

Counts Catalogue::counts(const Scope& scope) {
  Counts counts;
  for (const StreamPointer& stream : list(scope)) {
    count(counts, stream->state(), surroundings_->clock.now());
  }
  return counts;
}

Result<storage::Ticket> Catalogue::create(const NewStream& wanted) {
  const std::lock_guard creating(create_mutex_);
  if (const auto predecessor = look_up(wanted.key)) {
    if (!predecessor->is_gone()) return std::unexpected(stream_exists(wanted.key));
    // Until that is written, its numbers could be given again and its rows would stay.
    TRY(predecessor->carry_out_due());
  }
  if (limits_.wants_counts()) {
    TRY(limits_.check_new_stream(wanted, counts(wanted.key.scope)));
  }
  TRY(surroundings_->shards_held.check(wanted.key, 0, wanted.shard_count));

  const TimePoint now = surroundings_->clock.now();
  // That no number of a deleted stream of this name is given again is the engine's promise.
  const std::int64_t shard_second = seconds_of(now) - kShardsBeforeStream;
  StreamFacts facts;
  facts.id = TRY(ids_.next());
  facts.key = wanted.key;
  facts.settings = wanted.settings;
  facts.tags = wanted.tags;
  facts.created_at = now;
  facts.active_at = now + surroundings_->options.delays.create;
  const StreamStatus status = facts.status_at(now);

  storage::TableBatch batch;
  batch.expect(rows::stream_row_key(facts.id), std::nullopt);
  if (surroundings_->fence) batch.expect(*surroundings_->fence);
  batch.put(rows::stream_row_key(facts.id), rows::encode(facts));
  rows::put_shards(batch, facts.id, ShardMap::uniform(wanted.shard_count, shard_second), 0);
  const auto ticket = TRY(surroundings_->engine.write(batch));
  surroundings_->on_transition({wanted.key, "none", to_text(status), 0, wanted.shard_count});
  return ticket;
}

}  // namespace millrace::streams
