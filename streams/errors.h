// The service's errors, by its own names, and the texts that many operations share.
//
// Source of the names: the Kinesis API reference, "Common Errors" and each operation's errors. The
// texts are the service's own, as tests/conformance shows.

#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/error.h"

namespace millrace::streams {

struct StreamKey;

inline constexpr ErrorCode kResourceNotFound{"ResourceNotFoundException"};
inline constexpr ErrorCode kResourceInUse{"ResourceInUseException"};
inline constexpr ErrorCode kInvalidArgument{"InvalidArgumentException"};
inline constexpr ErrorCode kLimitExceeded{"LimitExceededException"};
inline constexpr ErrorCode kValidation{"ValidationException"};
inline constexpr ErrorCode kExpiredIterator{"ExpiredIteratorException"};
inline constexpr ErrorCode kExpiredNextToken{"ExpiredNextTokenException"};
inline constexpr ErrorCode kThroughputExceeded{"ProvisionedThroughputExceededException"};
inline constexpr ErrorCode kAccessDenied{"AccessDeniedException"};
inline constexpr ErrorCode kInternalFailure{"InternalFailure", Blame::kServer};

[[nodiscard]] Error stream_not_found(const StreamKey& stream);
[[nodiscard]] Error stream_exists(const StreamKey& stream);
[[nodiscard]] Error stream_not_active(const StreamKey& stream, std::string_view status);
[[nodiscard]] Error stream_is_on_demand(const StreamKey& stream);

// One stream too many in CREATING or DELETING. Source: CreateStream refused by the service,
// hashicorp/terraform-provider-aws#1339; clients retry by a part of the text.
[[nodiscard]] Error too_many_streams_changing(const StreamKey& stream, std::size_t limit);

// DeleteStream without EnforceConsumerDeletion.
[[nodiscard]] Error stream_has_consumers(const StreamKey& stream);
[[nodiscard]] Error shard_limit_exceeded(const StreamKey& stream, std::size_t current,
                                         std::size_t limit, std::size_t additional);

// A consumer that was named by stream and name. The service's text is not known.
[[nodiscard]] Error consumer_not_found(std::string_view consumer, const StreamKey& stream);

// A consumer that was named by ARN. Source: a SubscribeToShard refused by the service,
// awslabs/amazon-kinesis-connector-flink#44; for all other operations that take such an ARN it is a
// guess.
[[nodiscard]] Error consumer_not_found(std::string_view consumer, std::int64_t creation_second,
                                       const StreamKey& stream);
[[nodiscard]] Error consumer_not_active(std::string_view consumer, std::int64_t creation_second,
                                        const StreamKey& stream);

// A shard's throughput is used up, for puts and GetShardIterator.
[[nodiscard]] Error shard_rate_exceeded(std::string_view shard_id, const StreamKey& stream);

// The same for GetRecords, which the service words differently since 2023 at the latest. Source:
// GetRecords refused by the service, risingwavelabs/risingwave#7453 (2023) and
// awslabs/amazon-kinesis-client#1521 (2025).
[[nodiscard]] Error shard_read_rate_exceeded(std::string_view shard_id, const StreamKey& stream);

// An operation is called too often on a stream, or, for SubscribeToShard, on a shard by a consumer:
// the service's text for that is not known, so it has the one of every other LimitExceededException
// about calls.
[[nodiscard]] Error stream_rate_exceeded(const StreamKey& stream);

// `id` as the client gave it when it is no shard id at all, else in its full form.
[[nodiscard]] Error shard_not_in_stream(std::string_view id, const StreamKey& stream);

// The form GetShardIterator and GetRecords use, also when the stream itself is unknown.
[[nodiscard]] Error shard_does_not_exist(std::string_view id, const StreamKey& stream);

}  // namespace millrace::streams
