// In which order the shards of a stream are read: children after their parents.

#pragma once

#include <cstdint>
#include <set>
#include <utility>
#include <vector>

#include "streams/shard_map.h"

namespace millrace::streams {

// Of one who reads all shards of a stream from some moment on. Pure: whoever uses it looks again
// when a shard has been read to its end, or has come.
class Lineage {
 public:
  // Shards that nobody reads to their end any more: those before the first one that is read.
  // `finished` are their indexes, as finished() gave them.
  explicit Lineage(std::set<std::uint32_t> finished = {}) : finished_(std::move(finished)) {}

  // The shards that may be read now, in the order of their index: not those that are finished, and
  // of the others those whose parents are, or are gone because they have expired.
  [[nodiscard]] std::vector<std::uint32_t> readable(const ShardMap& shards) const;

  // Notes that a shard has been read to its end. Forgets shards that are gone.
  void finish(std::uint32_t shard_index, const ShardMap& shards);

  // To be stored.
  [[nodiscard]] const std::set<std::uint32_t>& finished() const { return finished_; }

 private:
  std::set<std::uint32_t> finished_;
};

}  // namespace millrace::streams
