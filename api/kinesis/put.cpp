#include "api/kinesis/put.h"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "api/context.h"
#include "api/errors.h"
#include "api/kinesis/resources.h"
#include "api/validate.h"
#include "base/error.h"
#include "base/uint128.h"
#include "streams/errors.h"
#include "streams/record.h"
#include "streams/stream.h"
#include "streams/stream_facts.h"
#include "world/world.h"

namespace millrace::kinesis {

Result<streams::StreamPointer> find_writable(api::Context& context, const StreamRef& ref) {
  auto stream = find_stream(context, ref);
  if (!stream) return stream;
  const auto facts = (*stream)->state().facts;
  if (!require_readable(*facts, context.world().clock().now())) {
    return std::unexpected(streams::stream_not_found(facts->key));
  }
  return stream;
}

Result<streams::NewRecord> to_record(std::optional<std::string_view> partition_key,
                                     std::optional<std::string_view> explicit_hash_key,
                                     std::string_view data, streams::Distribution distribution) {
  streams::NewRecord record{partition_key, std::nullopt, data};
  if (explicit_hash_key && distribution == streams::Distribution::kUserPartitionKey) {
    record.explicit_hash_key = parse_uint128(*explicit_hash_key);
    if (!record.explicit_hash_key) {
      return fail(streams::kInvalidArgument,
                  "Invalid ExplicitHashKey. ExplicitHashKey must be in the range: [0, 2^128-1]. "
                  "Specified value was " +
                      std::string(*explicit_hash_key));
    }
  }
  return record;
}

bool lacks_key(const std::optional<std::string_view>& partition_key,
               streams::Distribution distribution) {
  return !partition_key && distribution == streams::Distribution::kUserPartitionKey;
}

void check_size(const streams::NewRecord& record, std::size_t bytes_max, const std::string& path,
                api::Violations& violations) {
  if (record.size_bytes() <= bytes_max) return;
  violations.add(api::kNotShown, path, api::length_at_most(static_cast<std::int64_t>(bytes_max)));
}

std::unexpected<Error> dry_run() {
  return fail(api::kDryRun, "The request would have succeeded, but DryRun is set.");
}

}  // namespace millrace::kinesis
