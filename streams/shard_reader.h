// Reads one shard from a place on, as its records come.
//
// Whoever reads says when what it was given has arrived where it belongs; until then it is given
// the same again. So a place moves only when that is known.

#pragma once

#include <cstdint>
#include <optional>
#include <utility>
#include <variant>
#include <vector>

#include "base/error.h"
#include "base/time_point.h"
#include "storage/engine.h"
#include "streams/stream.h"

namespace millrace::streams {

// A place in a shard as it may be stored: neither a log's id nor a position is ever used twice.
struct Cursor {
  storage::LogId log = 0;
  storage::Position position = 0;

  friend bool operator==(const Cursor&, const Cursor&) = default;
};

// Used by one thread at a time.
class ShardReader {
 public:
  ShardReader(StreamPointer stream, std::uint32_t shard_index, const ReadFrom& from,
              const ReadLimits& limits)
      : stream_(std::move(stream)), shard_index_(shard_index), from_(from), limits_(limits) {}

  // There is no record yet. It is worth asking again once the end of `log` is past `end_seen`
  // (storage::Arrivals, which also hears of changes of the stream), or at `until`, if that is
  // there.
  struct Pause {
    storage::LogId log = 0;
    storage::Position end_seen = 0;
    std::optional<TimePoint> until;  // When the stream's next transition is due.
  };

  // All records of the shard have been read, and no more come.
  struct End {
    std::vector<std::uint32_t> children;  // Indexes of the shards that came from it.
  };

  // The records from its place on, the same until advance() is called. Errors: those of
  // Stream::read().
  using Next = std::variant<ReadResult, Pause, End>;
  [[nodiscard]] Result<Next> next(TimePoint now) const;

  // Moves its place behind what next() gave.
  void advance(const ReadResult& read) { from_ = read.next; }

  // Its place, once it is a position: before the first record was read it may be a time.
  [[nodiscard]] std::optional<Cursor> cursor() const;

  [[nodiscard]] const StreamPointer& stream() const { return stream_; }
  [[nodiscard]] std::uint32_t shard_index() const { return shard_index_; }

 private:
  StreamPointer stream_;
  std::uint32_t shard_index_;
  ReadFrom from_;
  ReadLimits limits_;
};

// A reader that goes on at `cursor`, which is of `stream`. Returns nullopt if it is of another one,
// or of a shard that is gone.
[[nodiscard]] std::optional<ShardReader> reader_at(StreamPointer stream, const Cursor& cursor,
                                                   const ReadLimits& limits);

}  // namespace millrace::streams
