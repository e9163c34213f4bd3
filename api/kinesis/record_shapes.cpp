#include "api/kinesis/record_shapes.h"

#include <cstdint>
#include <vector>

#include "api/kinesis/shapes.h"
#include "streams/shard_map.h"

namespace millrace::kinesis {

std::vector<ChildShard> child_shards(const streams::ShardMap& shards, std::uint32_t shard_index) {
  std::vector<ChildShard> children;
  for (const streams::Shard* shard : shards.children(shard_index)) {
    ChildShard& child = children.emplace_back();
    child.shard_id = streams::shard_id(shard->index);
    child.parent_shards.push_back(streams::shard_id(*shard->parent));
    if (shard->adjacent_parent) {
      child.parent_shards.push_back(streams::shard_id(*shard->adjacent_parent));
    }
    child.hash_key_range = to_shape(shard->range);
  }
  return children;
}

}  // namespace millrace::kinesis
