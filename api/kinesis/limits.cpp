#include "api/kinesis/limits.h"

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>

#include "api/context.h"
#include "base/error.h"
#include "streams/catalogue.h"
#include "streams/errors.h"
#include "streams/quota.h"
#include "streams/stream_key.h"
#include "world/world.h"

namespace millrace::kinesis {

ShardLimit::ShardLimit(api::Context& context, streams::StreamKey key)
    : context_(context), key_(std::move(key)) {
  if (context.world().quotas().is_off()) return;
  current_ = context.world().catalogue().counts(key_.scope).provisioned_shards;
}

Result<void> ShardLimit::check(std::size_t additional) const {
  return context_.world().catalogue().limits().check_shards(key_, current_, additional);
}

std::size_t ShardLimit::shards_max() const {
  return context_.world().catalogue().options().account_shards_max;
}

Error daily_limit_exceeded(const streams::StreamKey& stream, std::string_view operation,
                           streams::DailyUse use) {
  return {streams::kLimitExceeded,
          "Stream " + stream.name + " under account " + stream.scope.account + " has used " +
              std::string(operation) + " " + std::to_string(streams::daily_max(use)) +
              " times in the last 24 hours, which is its limit."};
}

}  // namespace millrace::kinesis
