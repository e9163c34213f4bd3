// How requests name a stream, a consumer or any of them, and the way to what they name.
//
// The policy check for other accounts stands here and nowhere else: what this file finds may be
// used.

#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>

#include "api/context.h"
#include "api/field.h"
#include "api/kinesis/arn.h"
#include "api/kinesis/patterns.h"
#include "base/error.h"
#include "base/scope.h"
#include "base/time_point.h"
#include "streams/catalogue.h"
#include "streams/consumers.h"
#include "streams/stream.h"
#include "streams/stream_facts.h"
#include "streams/stream_key.h"
#include "streams/tags.h"
#include "world/world.h"

namespace millrace::kinesis {

using api::field;
using api::flatten;

// How most operations name their stream: by name, by ARN, or both.
struct StreamRef {
  std::optional<std::string> arn;
  std::optional<std::string> name;
  std::optional<std::string> id;  // Reserved by the service; checked and ignored.

  static constexpr auto fields = std::tuple{
      field("StreamARN", &StreamRef::arn).matching(kStreamArnPattern).length(1, kArnMax),
      field("StreamName", &StreamRef::name)
          .matching(kNamePattern)
          .length(1, 128)
          .required_without("StreamARN"),
      field("StreamId", &StreamRef::id).matching(kStreamIdPattern).length(1, 24),
  };
};

// The same where neither is needed, because something else may name the stream or the handler has
// a text of its own for it.
struct OptionalStreamRef {
  std::optional<std::string> arn;
  std::optional<std::string> name;
  std::optional<std::string> id;

  static constexpr auto fields = std::tuple{
      field("StreamARN", &OptionalStreamRef::arn).matching(kStreamArnPattern).length(1, kArnMax),
      field("StreamName", &OptionalStreamRef::name).matching(kNamePattern).length(1, 128),
      field("StreamId", &OptionalStreamRef::id).matching(kStreamIdPattern).length(1, 24),
  };
};

// Operations that take an ARN and no name.
struct StreamArnRef {
  std::string arn;
  std::optional<std::string> id;

  static constexpr auto fields = std::tuple{
      field("StreamARN", &StreamArnRef::arn)
          .matching(kStreamArnPattern)
          .length(1, kArnMax)
          .required(),
      field("StreamId", &StreamArnRef::id).matching(kStreamIdPattern).length(1, 24),
  };
};

// Which stream is meant, whether or not there is one. Errors: kInvalidArgument if name and ARN
// disagree.
[[nodiscard]] Result<streams::StreamKey> stream_key(const api::Context& context,
                                                    const std::optional<std::string>& arn,
                                                    const std::optional<std::string>& name);
[[nodiscard]] Result<streams::StreamKey> stream_key(const api::Context& context,
                                                    const StreamRef& ref);

// The stream. Errors: stream_not_found, also for a stream of another region than the request's;
// kAccessDenied where another account's policy does not allow the operation.
[[nodiscard]] Result<streams::StreamPointer> find_stream(api::Context& context,
                                                         const streams::StreamKey& key);
// The same; errors of stream_key() first. One that names no stream is kInvalidArgument.
[[nodiscard]] Result<streams::StreamPointer> find_stream(api::Context& context,
                                                         const StreamRef& ref);
[[nodiscard]] Result<streams::StreamPointer> find_stream(api::Context& context,
                                                         const StreamArnRef& ref);
[[nodiscard]] Result<streams::StreamPointer> find_stream(api::Context& context,
                                                         const OptionalStreamRef& ref);

// The index in a shard id. Errors: shard_not_in_stream, with the id as it was given. Needs no
// stream to exist.
[[nodiscard]] Result<std::uint32_t> parse_shard(const std::string& id,
                                                const streams::StreamKey& stream);

// Refuses a stream that is not ACTIVE or UPDATING. Errors: stream_not_active.
[[nodiscard]] Result<void> require_readable(const streams::StreamFacts& facts, TimePoint now);

// Whether the stream is the one a request means by its creation time, which is told in whole
// seconds. One that names none means any.
[[nodiscard]] bool was_created_at(const streams::StreamFacts& facts,
                                  const std::optional<TimePoint>& created_at);

// How DescribeStreamConsumer and DeregisterStreamConsumer name their consumer: by ARN, or by its
// stream and name, or both.
struct ConsumerRef {
  std::optional<std::string> stream_arn;
  std::optional<std::string> name;
  std::optional<std::string> arn;
  std::optional<std::string> id;

  static constexpr auto fields = std::tuple{
      field("ConsumerARN", &ConsumerRef::arn).matching(kConsumerArnPattern).length(1, kArnMax),
      field("ConsumerName", &ConsumerRef::name).matching(kNamePattern).length(1, 128),
      field("StreamARN", &ConsumerRef::stream_arn).matching(kStreamArnPattern).length(1, kArnMax),
      field("StreamId", &ConsumerRef::id).matching(kStreamIdPattern).length(1, 24),
  };
};

struct FoundConsumer {
  streams::StreamPointer stream;
  streams::Consumer consumer;
};

// A call as policies see it.
struct Call {
  Scope scope;  // Whose call it is.
  std::string operation;
};

// Checks that `call` may use a consumer of the stream `key`; the stream's owner always may. Errors:
// kAccessDenied.
[[nodiscard]] Result<void> authorize(const world::World& world, const Call& call,
                                     const streams::StreamKey& key,
                                     const streams::Consumer& consumer);

// Errors: kInvalidArgument if nothing or two things are named; stream_not_found,
// consumer_not_found; kAccessDenied.
[[nodiscard]] Result<FoundConsumer> find_consumer(api::Context& context, const ConsumerRef& ref);
[[nodiscard]] Result<FoundConsumer> find_consumer(api::Context& context,
                                                  const std::string& consumer_arn);

// Any resource that has tags and a policy.
struct ResourceRef {
  std::string arn;
  std::optional<std::string> id;

  static constexpr auto fields = std::tuple{
      field("ResourceARN", &ResourceRef::arn)
          .matching(kResourceArnPattern)
          .length(1, kArnMax)
          .required(),
      field("StreamId", &ResourceRef::id).matching(kStreamIdPattern).length(1, 24),
  };
};

// A stream or one of its consumers, with what it had when it was looked up.
struct Resource {
  streams::StreamPointer stream;
  std::optional<ConsumerArn> consumer;
  streams::Tags tags;
  std::optional<std::string> policy;
};

// Errors: stream_not_found, consumer_not_found, kResourceNotFound for what is neither.
[[nodiscard]] Result<Resource> find_resource(api::Context& context, const ResourceRef& ref);

// Changes a resource's tags or policy in one write, for which the answer waits. Errors:
// stream_not_active, consumer_not_active, the change's own.
using ResourceChange = std::function<Result<void>(
    streams::Tags& tags, std::optional<std::string>& policy, const streams::StreamKey& stream)>;
[[nodiscard]] Result<void> change_resource(api::Context& context, const Resource& resource,
                                           streams::Allowed allowed, const ResourceChange& change);

}  // namespace millrace::kinesis
