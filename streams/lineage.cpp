#include "streams/lineage.h"

#include <cstdint>
#include <optional>
#include <set>
#include <vector>

#include "streams/shard_map.h"

namespace millrace::streams {

std::vector<std::uint32_t> Lineage::readable(const ShardMap& shards) const {
  const auto is_done = [&](const std::optional<std::uint32_t>& parent) {
    return !parent || finished_.contains(*parent) || shards.find(*parent) == nullptr;
  };
  std::vector<std::uint32_t> found;
  for (const Shard& shard : shards.shards()) {
    const bool may_begin = is_done(shard.parent) && is_done(shard.adjacent_parent);
    if (may_begin && !finished_.contains(shard.index)) found.push_back(shard.index);
  }
  return found;
}

void Lineage::finish(std::uint32_t shard_index, const ShardMap& shards) {
  finished_.insert(shard_index);
  std::erase_if(finished_, [&](std::uint32_t index) { return shards.find(index) == nullptr; });
}

}  // namespace millrace::streams
