#include "streams/account_limits.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>

#include "base/error.h"
#include "base/time_point.h"
#include "storage/spaces.h"
#include "streams/errors.h"
#include "streams/quota.h"
#include "streams/shard_map.h"
#include "streams/stream.h"
#include "streams/stream_facts.h"
#include "streams/stream_key.h"
#include "streams/surroundings.h"

namespace millrace::streams {
namespace {

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

void count(Counts& counts, const StreamState& state, TimePoint now) {
  const StreamStatus status = state.facts->status_at(now);
  if (status == StreamStatus::kDeleting) {
    ++counts.deleting_streams;
    return;
  }
  const std::size_t open = state.shards->open_count();
  if (status != StreamStatus::kCreating) counts.open_shards += open;
  if (status == StreamStatus::kCreating) ++counts.creating_streams;
  if (counts_as(StreamMode::kOnDemand, *state.facts)) ++counts.on_demand_streams;
  counts.provisioned_shards += limited_shards(state);
}

Result<void> AccountLimits::check_new_stream(const NewStream& wanted, const Counts& counts) const {
  // Without limits DELETING does not count: a suite deletes the streams of one test and goes on
  // with the next.
  const std::size_t changing = counts.creating_streams + counts.deleting_streams;
  const bool is_within = quotas_.count("changing_streams", changing + 1, kStreamsChangingMax);
  if (!is_within || counts.creating_streams >= kStreamsChangingMax) {
    return std::unexpected(too_many_streams_changing(wanted.key, kStreamsChangingMax));
  }
  if (wanted.settings.mode == StreamMode::kProvisioned) {
    return check_shards(wanted.key, counts.provisioned_shards, wanted.shard_count);
  }
  return check_on_demand(wanted.key, counts.on_demand_streams);
}

Result<void> AccountLimits::check_shards(const StreamKey& key, std::size_t current,
                                         std::size_t additional) const {
  const std::size_t max = options_.account_shards_max;
  if (quotas_.count("account_shards", current + additional, max)) return {};
  return std::unexpected(shard_limit_exceeded(key, current, max, additional));
}

Result<void> AccountLimits::check_on_demand(const StreamKey& key, std::size_t current) const {
  if (quotas_.count("on_demand_streams", current + 1, kOnDemandStreamsMax)) return {};
  return fail(kLimitExceeded,
              "This request would exceed the number of on-demand streams that "
              "account " +
                  key.scope.account + " may have in " + key.scope.region + ": " +
                  std::to_string(kOnDemandStreamsMax) + ".");
}

Result<void> ShardsHeld::check(const StreamKey& key, std::uint32_t next_index,
                               std::size_t additional) const {
  if (next_index + additional > storage::kPartsMax) {
    return std::unexpected(shard_limit_exceeded(key, next_index, storage::kPartsMax, additional));
  }
  const std::size_t held = count_;
  if (held + additional <= max_) return {};
  return std::unexpected(shard_limit_exceeded(key, held, max_, additional));
}

}  // namespace millrace::streams
