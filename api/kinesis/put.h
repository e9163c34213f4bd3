// What PutRecord and PutRecords share: the members of a record and the checks that need the stream.

#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "api/context.h"
#include "api/kinesis/resources.h"
#include "api/validate.h"
#include "base/error.h"
#include "storage/engine.h"
#include "streams/catalogue.h"
#include "streams/record.h"
#include "streams/stream_facts.h"

namespace millrace::kinesis {

// The most one record may have after UpdateMaxRecordSize, and a PutRecords in all: data and keys.
inline constexpr std::int64_t kRecordBytesMax = 10485760;
inline constexpr std::size_t kRequestBytesMax = 10485760;

// A stream that takes records. Errors: stream_not_found, also while it is CREATING or DELETING;
// kAccessDenied.
[[nodiscard]] Result<streams::StreamPointer> find_writable(api::Context& context,
                                                           const StreamRef& ref);

// The record as the shard manager takes it. `explicit_hash_key` has passed its pattern; a stream
// whose distribution is AUTO ignores it. Errors: kInvalidArgument if it is 2^128 or more.
[[nodiscard]] Result<streams::NewRecord> to_record(
    std::optional<std::string_view> partition_key,
    std::optional<std::string_view> explicit_hash_key, std::string_view data,
    streams::Distribution distribution);

// Whether the record has no key where the stream needs one.
[[nodiscard]] bool lacks_key(const std::optional<std::string_view>& partition_key,
                             streams::Distribution distribution);

// Adds what the record's size violates: data, or data and key together, above what the stream
// takes.
void check_size(const streams::NewRecord& record, std::size_t bytes_max, const std::string& path,
                api::Violations& violations);

// When the records of a call are written.
[[nodiscard]] constexpr storage::When when_of(const api::Context& context) {
  return context.may_write_with_others ? storage::When::kWithOthers : storage::When::kNow;
}

// What a DryRun answers once all checks have passed.
[[nodiscard]] std::unexpected<Error> dry_run();

}  // namespace millrace::kinesis
