#include "api/kinesis/put.h"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "api/context.h"
#include "api/kinesis/shapes.h"
#include "api/validate.h"
#include "base/error.h"
#include "base/uint128.h"
#include "streams/catalogue.h"
#include "streams/errors.h"
#include "streams/record.h"

namespace millrace::kinesis {

Result<streams::StreamPointer> find_writable(api::Context& context, const StreamRef& ref) {
  auto stream = find_stream(context, ref);
  if (!stream) return stream;
  const auto facts = (*stream)->state().facts;
  if (!require_readable(*facts, context.clock.now())) {
    return std::unexpected(streams::stream_not_found(facts->key));
  }
  return stream;
}

Result<streams::NewRecord> to_record(const std::string& partition_key,
                                     const std::optional<std::string>& explicit_hash_key,
                                     std::string_view data) {
  streams::NewRecord record{partition_key, std::nullopt, data};
  if (explicit_hash_key) {
    record.explicit_hash_key = parse_uint128(*explicit_hash_key);
    if (!record.explicit_hash_key) {
      return fail(streams::kInvalidArgument,
                  "Invalid ExplicitHashKey. ExplicitHashKey must be in the range: [0, 2^128-1]. "
                  "Specified value was " +
                      *explicit_hash_key);
    }
  }
  return record;
}

void check_size(const streams::NewRecord& record, std::size_t bytes_max, const std::string& path,
                api::Violations& violations) {
  if (record.data.size() + record.partition_key.size() <= bytes_max) return;
  violations.add(api::shown_blob(record.data.size()), path,
                 api::length_at_most(static_cast<std::int64_t>(bytes_max)));
}

}  // namespace millrace::kinesis
