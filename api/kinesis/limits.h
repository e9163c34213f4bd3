// The service's limits on counts, where operations meet them.
//
// Off unless --limits says otherwise. Source: Kinesis developer guide, "Quotas and limits".

#pragma once

#include <cstddef>
#include <string_view>

#include "api/context.h"
#include "base/error.h"
#include "streams/quota.h"
#include "streams/stream_key.h"

namespace millrace::kinesis {

// The shards an account may have. Counts them when it is made, before any stream is locked.
class ShardLimit {
 public:
  ShardLimit(api::Context& context, streams::StreamKey key);

  // Whether so many more are within it. Errors: shard_limit_exceeded.
  [[nodiscard]] Result<void> check(std::size_t additional) const;

  [[nodiscard]] std::size_t shards_max() const;

 private:
  api::Context& context_;
  const streams::StreamKey key_;
  std::size_t current_ = 0;
};

// What may be done so many times a day has been. The texts are ours: the service's are not known.
[[nodiscard]] Error daily_limit_exceeded(const streams::StreamKey& stream,
                                         std::string_view operation, streams::DailyUse use);

}  // namespace millrace::kinesis
