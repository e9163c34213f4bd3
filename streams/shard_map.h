// The shards of a stream and how they come from one another. Pure: no storage, no time.
//
// The hash ranges of the open shards always cover 0..2^128-1 without gap or overlap.

#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "base/uint128.h"

namespace millrace::streams {

// Both ends inclusive.
struct HashRange {
  uint128 start = 0;
  uint128 end = 0;

  friend bool operator==(const HashRange&, const HashRange&) = default;
};

// Where and when a closed shard ended.
struct ShardEnd {
  std::uint64_t position = 0;      // The first position behind its records.
  std::int64_t second = 0;         // In its numbers: not below the second of any of its records.
  std::int64_t closed_second = 0;  // When that was. Seconds in numbers may be ahead of it.
};

struct Shard {
  std::uint32_t index = 0;  // Given from 0 on and never again in a stream's life.
  HashRange range;
  std::int64_t creation_second = 0;  // In its numbers.
  std::int64_t opened_second = 0;    // When that was: the second after its parents were closed.
  std::optional<std::uint32_t> parent;
  std::optional<std::uint32_t> adjacent_parent;  // Of a shard that came from a merge.
  std::optional<ShardEnd> end;                   // Of a closed shard.

  [[nodiscard]] bool is_open() const { return !end; }
};

struct Split {
  std::uint32_t shard = 0;
  uint128 at = 0;  // The second child starts here.
};

struct Merge {
  std::uint32_t shard = 0;
  std::uint32_t adjacent = 0;
};

using Reshard = std::variant<Split, Merge>;

// Returns how many shards are open after `steps`, if `open` are before.
[[nodiscard]] std::size_t open_count_after(std::size_t open, const std::vector<Reshard>& steps);

// The full form of a shard's id, `shardId-%012d`.
[[nodiscard]] std::string shard_id(std::int64_t index);

// Reads a shard id as loosely as the service does: `shardId-000000000007`, `x-7` and `7` are all 7.
// Nothing if it is none.
[[nodiscard]] std::optional<std::uint32_t> parse_shard_id(std::string_view id);

class ShardMap {
 public:
  // `shards` in the order of their index.
  ShardMap(std::vector<Shard> shards, std::uint32_t next_index);

  // Shards by their index, as rows say; nothing stands for one that is gone.
  using Changes = std::map<std::uint32_t, std::optional<Shard>>;

  // The map of a stream of which nothing was known. Returns nullopt if there are no shards.
  [[nodiscard]] static std::optional<ShardMap> of(const Changes& shards);

  // This map with changes. Returns nullopt if no shard would be left.
  [[nodiscard]] std::optional<ShardMap> with(const Changes& changes) const;

  // `count` shards of equal size; the last takes the remainder.
  [[nodiscard]] static ShardMap uniform(std::uint32_t count, std::int64_t creation_second);

  // The open shard that takes `hash_key`.
  [[nodiscard]] const Shard& route(uint128 hash_key) const;

  [[nodiscard]] const Shard* find(std::uint32_t index) const;
  [[nodiscard]] const std::vector<Shard>& shards() const { return shards_; }
  [[nodiscard]] std::uint32_t next_index() const { return next_index_; }
  [[nodiscard]] std::size_t open_count() const { return open_.size(); }

  // When the shard that was closed first was; beyond every second if none is closed.
  [[nodiscard]] std::int64_t first_closed_second() const { return first_closed_second_; }

  // The open shards in the order of their hash ranges.
  [[nodiscard]] std::vector<const Shard*> open_shards() const;

  // The shards that came from `index`.
  [[nodiscard]] std::vector<const Shard*> children(std::uint32_t index) const;

  // The map after `reshard`, whose shards are open and, for a merge, adjacent. `end_of` says where
  // each parent ends; the parents of a merge end in the later one's second. The children are
  // created in the second after that, or, where shards follow one another faster than that, in the
  // first one in which all their numbers come after all of the parents'.
  [[nodiscard]] ShardMap after(const Reshard& reshard,
                               const std::function<ShardEnd(const Shard&)>& end_of) const;

  // What UpdateShardCount does to reach `target` open shards of equal size: a sweep from left to
  // right that splits and merges; shards that fit already are left alone.
  [[nodiscard]] std::vector<Reshard> scale_to(std::uint32_t target) const;

 private:
  std::vector<Shard> shards_;
  std::uint32_t next_index_;
  std::int64_t first_closed_second_ = std::numeric_limits<std::int64_t>::max();
  std::vector<std::pair<uint128, std::size_t>> open_;  // Start of the range, place in shards_.
};

}  // namespace millrace::streams
