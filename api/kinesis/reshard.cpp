#include "api/kinesis/reshard.h"

#include <cstdint>

#include "base/error.h"
#include "streams/errors.h"
#include "streams/shard_map.h"
#include "streams/stream.h"

namespace millrace::kinesis {

Result<const streams::Shard*> known_shard(const streams::StreamState& state, std::uint32_t index) {
  const streams::Shard* shard = state.shards->find(index);
  if (shard == nullptr) {
    return std::unexpected(
        streams::shard_not_in_stream(streams::shard_id(index), state.facts->key));
  }
  return shard;
}

Result<const streams::Shard*> open_shard(const streams::StreamState& state, std::uint32_t index) {
  auto shard = known_shard(state, index);
  if (shard && !(*shard)->is_open()) {
    return fail(streams::kInvalidArgument,
                "Shard " + streams::shard_id(index) + " in stream " + state.facts->key.name +
                    " under account " + state.facts->key.scope.account +
                    " has already been merged or split, and thus is not eligible for merging or "
                    "splitting.");
  }
  return shard;
}

}  // namespace millrace::kinesis
