// ListStreamConsumers: the consumers of a stream by name, a page at a time.
//
// Source: API_ListStreamConsumers, Kinesis API reference. Checks and texts:
// tests/conformance/test_consumers.py.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include "api/context.h"
#include "api/kinesis/consumer_shapes.h"
#include "api/kinesis/operations.h"
#include "api/kinesis/patterns.h"
#include "api/kinesis/resources.h"
#include "api/kinesis/tokens.h"
#include "api/operation.h"
#include "base/clock.h"
#include "base/error.h"
#include "streams/consumers.h"
#include "streams/errors.h"
#include "streams/stream.h"
#include "streams/stream_facts.h"
#include "world/world.h"

namespace millrace::kinesis {
namespace {

constexpr std::int32_t kPageMax = 100;  // A larger limit is accepted and cut.
constexpr std::string_view kTokenKind = "ListStreamConsumers";

struct Request {
  std::optional<std::int32_t> max_results;
  std::optional<std::string> next_token;
  StreamArnRef stream;
  std::optional<TimePoint> stream_creation_timestamp;

  static constexpr auto fields = std::tuple{
      field("MaxResults", &Request::max_results).range(1, 10000),
      field("NextToken", &Request::next_token).length(1, kNextTokenMax),
      flatten(&Request::stream),
      field("StreamCreationTimestamp", &Request::stream_creation_timestamp),
  };
};

struct Response {
  std::vector<ConsumerShape> consumers;
  std::optional<std::string> next_token;

  static constexpr auto fields = std::tuple{
      field("Consumers", &Response::consumers),
      field("NextToken", &Response::next_token),
  };
};

// The name after which the listing goes on.
Result<std::string> start_after(const Request& request, const streams::StreamFacts& facts,
                                const api::Context& context) {
  if (!request.next_token) return std::string{};
  auto token = Tokens(context.world.sealer)
                   .decode_next(*request.next_token, kTokenKind, context.world.clock.now());
  if (!token) return std::unexpected(token.error());
  if (token->stream_id != facts.id) return fail(streams::kInvalidArgument, "Invalid NextToken.");
  return std::move(token->last);
}

Result<Response> handle(const Request& request, api::Context& context) {
  if (request.next_token && request.stream_creation_timestamp) {
    return fail(streams::kInvalidArgument,
                "NextToken and StreamCreationTimestamp cannot be provided together.");
  }
  const auto stream = find_stream(context, request.stream);
  if (!stream) return std::unexpected(stream.error());
  const auto facts = (*stream)->state().facts;
  if (!was_created_at(*facts, request.stream_creation_timestamp)) {
    return std::unexpected(streams::stream_not_found(facts->key));
  }
  const auto after = start_after(request, *facts, context);
  if (!after) return std::unexpected(after.error());

  const TimePoint now = context.world.clock.now();
  const auto limit =
      static_cast<std::size_t>(std::min(request.max_results.value_or(kPageMax), kPageMax));
  Response response;
  for (auto entry = facts->consumers.upper_bound(*after); entry != facts->consumers.end();
       ++entry) {
    const streams::Consumer& consumer = entry->second;
    if (consumer.is_gone(now)) continue;
    if (response.consumers.size() == limit) {
      response.next_token = Tokens(context.world.sealer)
                                .encode(NextToken{std::string(kTokenKind),
                                                  now,
                                                  facts->id,
                                                  facts->key,
                                                  response.consumers.back().consumer_name,
                                                  {}});
      break;
    }
    response.consumers.push_back(to_shape(consumer, facts->key, consumer.status_at(now)));
  }
  return response;
}

}  // namespace

const Operation& ListStreamConsumers() {
  static constexpr Operation kOperation =
      api::make_operation<&handle>("ListStreamConsumers", api::Lane::kInline, {5, true});
  return kOperation;
}

}  // namespace millrace::kinesis
