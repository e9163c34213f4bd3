#include "streams/errors.h"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/error.h"
#include "streams/stream_key.h"

namespace millrace::streams {
namespace {

std::string subject(const StreamKey& stream) {
  return "tream " + stream.name + " under account " + stream.scope.account;
}

}  // namespace

Error stream_not_found(const StreamKey& stream) {
  return {kResourceNotFound, "S" + subject(stream) + " not found."};
}

Error stream_exists(const StreamKey& stream) {
  return {kResourceInUse, "S" + subject(stream) + " already exists."};
}

Error stream_not_active(const StreamKey& stream, std::string_view status) {
  return {kResourceInUse,
          "S" + subject(stream) + " not ACTIVE, instead in state " + std::string(status)};
}

Error stream_is_on_demand(const StreamKey& stream) {
  return {kValidation, "Request is invalid. S" + subject(stream) + " is in On-Demand mode."};
}

Error too_many_streams_changing(const StreamKey& stream, std::size_t limit) {
  // The two blanks are the service's.
  return {kLimitExceeded,
          "This request would have exceed the limit on the number  of streams that can "
          "simultaneously be in CREATING or DELETING for the account " +
              stream.scope.account + ". Limit: " + std::to_string(limit) + "."};
}

Error stream_has_consumers(const StreamKey& stream) {
  return {kResourceInUse,
          "DeleteStream can't delete " + stream.scope.account + ":" + stream.name +
              " because there are consumers associated with this data stream. To delete " +
              stream.name +
              " anyway, set the EnforceConsumerDeletion parameter to true to force the deletion of "
              "all the consumers that are associated with it."};
}

Error shard_limit_exceeded(const StreamKey& stream, std::size_t current, std::size_t limit,
                           std::size_t additional) {
  return {kLimitExceeded,
          "This request would exceed the shard limit for the account " + stream.scope.account +
              " in " + stream.scope.region + ". Current shard count for the account: " +
              std::to_string(current) + ". Limit: " + std::to_string(limit) +
              ". Number of additional shards that would have resulted from this request: " +
              std::to_string(additional) +
              ". Refer to the AWS Service Limits page "
              "(http://docs.aws.amazon.com/general/latest/gr/aws_service_limits.html) for current "
              "limits and how to request higher limits."};
}

Error consumer_not_found(std::string_view consumer, const StreamKey& stream) {
  return {kResourceNotFound, "Consumer " + std::string(consumer) + ", account " +
                                 stream.scope.account + " not found."};
}

Error consumer_not_found(std::string_view consumer, std::int64_t creation_second,
                         const StreamKey& stream) {
  return {kResourceNotFound, "Consumer " + std::string(consumer) + " with creation timestamp " +
                                 std::to_string(creation_second) + " under stream: " + stream.name +
                                 ", account " + stream.scope.account + " not found."};
}

Error consumer_not_active(std::string_view consumer, std::int64_t creation_second,
                          const StreamKey& stream) {
  return {kResourceInUse, "Consumer " + std::string(consumer) + " with creation timestamp " +
                              std::to_string(creation_second) + " under stream " + stream.name +
                              " and account " + stream.scope.account + " is not in ACTIVE status."};
}

Error shard_rate_exceeded(std::string_view shard_id, const StreamKey& stream) {
  return {kThroughputExceeded,
          "Rate exceeded for shard " + std::string(shard_id) + " in s" + subject(stream) + "."};
}

Error shard_read_rate_exceeded(std::string_view shard_id, const StreamKey& stream) {
  return {kThroughputExceeded, "Rate exceeded for Shard - " + stream.scope.account + "/" +
                                   stream.name + "/" + std::string(shard_id)};
}

Error stream_rate_exceeded(const StreamKey& stream) {
  return {kLimitExceeded, "Rate exceeded for s" + subject(stream) + "."};
}

Error shard_not_in_stream(std::string_view id, const StreamKey& stream) {
  return {kResourceNotFound,
          "Could not find shard " + std::string(id) + " in s" + subject(stream) + "."};
}

Error shard_does_not_exist(std::string_view id, const StreamKey& stream) {
  return {kResourceNotFound,
          "Shard " + std::string(id) + " in s" + subject(stream) + " does not exist"};
}

}  // namespace millrace::streams
