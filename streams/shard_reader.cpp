#include "streams/shard_reader.h"

#include <optional>
#include <utility>

#include "base/error.h"
#include "base/time_point.h"
#include "base/try.h"
#include "storage/spaces.h"
#include "streams/shard_map.h"
#include "streams/stream.h"

namespace millrace::streams {

Result<ShardReader::Next> ShardReader::next(TimePoint now) const {
  // Looked at before reading: what comes in between ends the pause at once.
  const auto end_seen = TRY(stream_->latest(shard_index_));
  ReadResult read = TRY(stream_->read(shard_index_, from_, limits_));
  if (!read.records.empty()) return read;
  const StreamState state = stream_->state();
  if (read.is_at_end) {
    End end;
    for (const Shard* child : state.shards->children(shard_index_)) {
      end.children.push_back(child->index);
    }
    return end;
  }
  Pause pause{log_of(state.facts->id, shard_index_), end_seen, {}};
  // One that is past could not be carried out; it is tried again when something else wakes.
  const auto due = state.facts->next_due();
  if (due && *due > now) pause.until = due;
  return pause;
}

std::optional<Cursor> ShardReader::cursor() const {
  if (from_.kind != ReadFrom::Kind::kPosition) return std::nullopt;
  return Cursor{log_of(stream_->state().facts->id, shard_index_), from_.position};
}

std::optional<ShardReader> reader_at(StreamPointer stream, const Cursor& cursor,
                                     const ReadLimits& limits) {
  const auto index = storage::part_of(cursor.log);
  const StreamState state = stream->state();
  const bool is_of_this = log_of(state.facts->id, index) == cursor.log;
  if (!is_of_this || state.shards->find(index) == nullptr) return std::nullopt;
  return ShardReader(std::move(stream), index, {ReadFrom::Kind::kPosition, cursor.position, {}},
                     limits);
}

}  // namespace millrace::streams
