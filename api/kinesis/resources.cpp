#include "api/kinesis/resources.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "api/context.h"
#include "api/kinesis/arn.h"
#include "api/policy.h"
#include "base/error.h"
#include "base/scope.h"
#include "base/time_point.h"
#include "base/try.h"
#include "streams/catalogue.h"
#include "streams/consumers.h"
#include "streams/errors.h"
#include "streams/shard_map.h"
#include "streams/stream.h"
#include "streams/stream_facts.h"
#include "streams/stream_key.h"
#include "world/world.h"

namespace millrace::kinesis {
namespace {

// A client's region decides which endpoint it calls, whatever region an ARN names, and no endpoint
// of the service reaches the streams of another region: they are not there. That this is a
// ResourceNotFoundException is a guess; that it succeeds is excluded by botocore's endpoint rules.
Result<streams::StreamPointer> find_in_region(api::Context& context,
                                              const streams::StreamKey& key) {
  if (key.scope.region != context.scope.region)
    return std::unexpected(streams::stream_not_found(key));
  return context.world().catalogue().find(key);
}

Call call_of(const api::Context& context) {
  return {context.scope, std::string(context.operation)};
}

// Checks that `call` may use a resource of `owner`; the owner always may.
Result<void> authorize(const world::World& world, const Call& call, const std::string& owner,
                       const std::string& resource, const std::optional<std::string>& text) {
  if (!world.enforces_policies() || call.scope.account == owner) return {};
  const std::string action = "kinesis:" + call.operation;
  if (text) {
    const auto policy = api::parse_policy(*text);
    if (policy && api::allows(*policy, {call.scope.account, action, resource})) return {};
  }
  return fail(streams::kAccessDenied,
              "User: arn:" + std::string(partition_of(call.scope.region)) +
                  ":iam::" + call.scope.account + ":root is not authorized to perform: " + action +
                  " on resource: " + resource + " because no resource-based policy allows the " +
                  action + " action");
}

std::unexpected<Error> invalid_arn(std::string_view member, const std::string& arn) {
  return fail(streams::kInvalidArgument, "Invalid " + std::string(member) + " " + arn + ".");
}

// `second` is that of an ARN; without one any consumer of the name is meant.
Result<FoundConsumer> find_consumer(api::Context& context, const streams::StreamKey& key,
                                    const std::string& name, std::optional<std::int64_t> second) {
  auto stream = TRY(find_in_region(context, key));
  const auto facts = stream->state().facts;
  const streams::Consumer* found =
      streams::find_consumer(facts->consumers, name, context.world().clock().now());
  if (found == nullptr || (second && *second != found->creation_second)) {
    return std::unexpected(second ? streams::consumer_not_found(name, *second, key)
                                  : streams::consumer_not_found(name, key));
  }
  TRY(authorize(context.world(), call_of(context), key, *found));
  return FoundConsumer{std::move(stream), *found};
}

}  // namespace

Result<void> authorize(const world::World& world, const Call& call, const streams::StreamKey& key,
                       const streams::Consumer& consumer) {
  const std::string arn = consumer_arn(key, consumer.name, consumer.creation_second);
  return authorize(world, call, key.scope.account, arn, consumer.policy);
}

Result<streams::StreamKey> stream_key(const api::Context& context,
                                      const std::optional<std::string>& arn,
                                      const std::optional<std::string>& name) {
  if (!arn) return streams::StreamKey{context.scope, name.value_or("")};
  auto key = parse_stream_arn(*arn);
  if (!key) return invalid_arn("StreamARN", *arn);
  if (name && *name != key->name) {
    return fail(streams::kInvalidArgument,
                "StreamName " + *name + " and StreamARN " + *arn + " name different streams.");
  }
  return std::move(*key);
}

Result<streams::StreamKey> stream_key(const api::Context& context, const StreamRef& ref) {
  return stream_key(context, ref.arn, ref.name);
}

Result<streams::StreamPointer> find_stream(api::Context& context, const streams::StreamKey& key) {
  auto stream = find_in_region(context, key);
  if (!stream || !context.world().enforces_policies()) return stream;
  const auto facts = (*stream)->state().facts;
  TRY(authorize(context.world(), call_of(context), key.scope.account, stream_arn(key),
                facts->policy));
  return stream;
}

Result<streams::StreamPointer> find_stream(api::Context& context, const StreamRef& ref) {
  const auto key = TRY(stream_key(context, ref));
  return find_stream(context, key);
}

Result<streams::StreamPointer> find_stream(api::Context& context, const StreamArnRef& ref) {
  const auto key = TRY(stream_key(context, ref.arn, std::nullopt));
  return find_stream(context, key);
}

Result<streams::StreamPointer> find_stream(api::Context& context, const OptionalStreamRef& ref) {
  if (!ref.arn && !ref.name) {
    return fail(streams::kInvalidArgument, "Either StreamName or StreamARN should be provided.");
  }
  const auto key = TRY(stream_key(context, ref.arn, ref.name));
  return find_stream(context, key);
}

Result<std::uint32_t> parse_shard(const std::string& id, const streams::StreamKey& stream) {
  const auto index = streams::parse_shard_id(id);
  if (!index) return std::unexpected(streams::shard_not_in_stream(id, stream));
  return *index;
}

Result<void> require_readable(const streams::StreamFacts& facts, TimePoint now) {
  const streams::StreamStatus status = facts.status_at(now);
  if (status == streams::StreamStatus::kActive || status == streams::StreamStatus::kUpdating) {
    return {};
  }
  return std::unexpected(streams::stream_not_active(facts.key, streams::to_text(status)));
}

bool was_created_at(const streams::StreamFacts& facts, const std::optional<TimePoint>& created_at) {
  return !created_at || seconds_of(*created_at) == seconds_of(facts.created_at);
}

Result<FoundConsumer> find_consumer(api::Context& context, const std::string& consumer_arn) {
  const auto parsed = parse_consumer_arn(consumer_arn);
  if (!parsed) return invalid_arn("ConsumerARN", consumer_arn);
  return find_consumer(context, parsed->stream, parsed->name, parsed->creation_second);
}

Result<FoundConsumer> find_consumer(api::Context& context, const ConsumerRef& ref) {
  if (!ref.arn && !(ref.stream_arn && ref.name)) {
    return fail(streams::kInvalidArgument,
                "Must specify either ConsumerARN, or both StreamARN and ConsumerName.");
  }
  std::optional<streams::StreamKey> key;
  if (ref.stream_arn) {
    key = parse_stream_arn(*ref.stream_arn);
    if (!key) return invalid_arn("StreamARN", *ref.stream_arn);
  }
  if (!ref.arn) return find_consumer(context, *key, *ref.name, std::nullopt);
  const auto parsed = parse_consumer_arn(*ref.arn);
  if (!parsed) return invalid_arn("ConsumerARN", *ref.arn);
  const bool agrees = (!key || *key == parsed->stream) && (!ref.name || *ref.name == parsed->name);
  if (!agrees) {
    return fail(streams::kInvalidArgument, "ConsumerARN " + *ref.arn +
                                               " names another consumer than StreamARN and "
                                               "ConsumerName do.");
  }
  return find_consumer(context, *ref.arn);
}

Result<Resource> find_resource(api::Context& context, const ResourceRef& ref) {
  if (auto consumer = parse_consumer_arn(ref.arn)) {
    const auto found = TRY(find_consumer(context, ref.arn));
    return Resource{found.stream, std::move(consumer), found.consumer.tags, found.consumer.policy};
  }
  const auto key = parse_stream_arn(ref.arn);
  if (!key) return fail(streams::kResourceNotFound, "Resource " + ref.arn + " not found.");
  const auto stream = TRY(find_stream(context, *key));
  const auto facts = stream->state().facts;
  return Resource{stream, std::nullopt, facts->tags, facts->policy};
}

Result<void> change_resource(api::Context& context, const Resource& resource,
                             streams::Allowed allowed, const ResourceChange& change) {
  const auto edit = [&](streams::StreamFacts& facts) -> Result<void> {
    if (!resource.consumer) return change(facts.tags, facts.policy, facts.key);
    const auto& [_, name, second] = *resource.consumer;
    const TimePoint now = context.world().clock().now();
    const auto* found = streams::find_consumer(facts.consumers, name, now);
    if (found == nullptr || found->creation_second != second) {
      return std::unexpected(streams::consumer_not_found(name, second, facts.key));
    }
    if (found->status_at(now) != streams::ConsumerStatus::kActive) {
      return std::unexpected(streams::consumer_not_active(name, found->creation_second, facts.key));
    }
    streams::Consumer& consumer = facts.consumers.at(name);
    return change(consumer.tags, consumer.policy, facts.key);
  };
  const auto written = TRY(resource.stream->change(allowed, edit));
  context.wait_for(written);
  return {};
}

}  // namespace millrace::kinesis
