// What an account may have of streams and shards, where limits are enforced.

#pragma once

#include <cstddef>
#include <cstdint>

#include "base/error.h"
#include "base/time_point.h"
#include "streams/quota.h"
#include "streams/stream.h"
#include "streams/stream_facts.h"
#include "streams/stream_key.h"
#include "streams/surroundings.h"
#include "streams/tags.h"

namespace millrace::streams {

inline constexpr std::size_t kStreamsChangingMax = 5;   // Of an account in a region.
inline constexpr std::size_t kOnDemandStreamsMax = 50;  // The same, where limits are enforced.

struct NewStream {
  StreamKey key;
  StreamSettings settings;
  std::uint32_t shard_count = 1;
  Tags tags;
};

// Of an account in a region; all but the last without streams that are being deleted.
struct Counts {
  std::size_t open_shards = 0;  // Of streams that are not CREATING any more.
  // Open ones of all provisioned streams, with those that pending updates add. What an update takes
  // away counts until then.
  std::size_t provisioned_shards = 0;
  std::size_t on_demand_streams = 0;  // With those that a pending update brings in or takes out.
  std::size_t creating_streams = 0;
  std::size_t deleting_streams = 0;
};

// Adds a stream, as it is at `now`, to the counts of its account.
void count(Counts& counts, const StreamState& state, TimePoint now);

class AccountLimits {
 public:
  AccountLimits(Quotas& quotas, const CatalogueOptions& options)
      : quotas_(quotas), options_(options) {}

  // Whether counting tells anything before a stream is created: it looks at every stream.
  [[nodiscard]] bool wants_counts() const {
    return options_.delays.create.count() > 0 || !quotas_.is_off();
  }

  // Whether `wanted` may be created where there are `counts`. Errors: too_many_streams_changing,
  // where DELETING counts only if limits are enforced; kLimitExceeded for its shards or its mode if
  // they are.
  [[nodiscard]] Result<void> check_new_stream(const NewStream& wanted, const Counts& counts) const;

  // Whether the account of `key`, which has `current` provisioned shards, may have so many more.
  // Errors: shard_limit_exceeded.
  [[nodiscard]] Result<void> check_shards(const StreamKey& key, std::size_t current,
                                          std::size_t additional) const;

  // Whether it may have one more on-demand stream. Errors: kLimitExceeded.
  [[nodiscard]] Result<void> check_on_demand(const StreamKey& key, std::size_t current) const;

 private:
  Quotas& quotas_;
  const CatalogueOptions& options_;
};

}  // namespace millrace::streams
