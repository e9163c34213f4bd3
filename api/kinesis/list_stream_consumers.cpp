// ListStreamConsumers: the consumers of a stream by name, a page at a time.
//
// Source: API_ListStreamConsumers, Kinesis API reference. Checks and texts:
// tests/conformance/test_consumers.py.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include "api/context.h"
#include "api/kinesis/consumer_shapes.h"
#include "api/kinesis/list_page.h"
#include "api/kinesis/operations.h"
#include "api/kinesis/patterns.h"
#include "api/kinesis/resources.h"
#include "api/kinesis/tokens.h"
#include "api/operation.h"
#include "base/error.h"
#include "base/time_point.h"
#include "base/try.h"
#include "streams/consumers.h"
#include "streams/errors.h"
#include "streams/stream.h"
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

Result<Response> handle(const Request& request, api::Context& context) {
  if (request.next_token && request.stream_creation_timestamp) {
    return fail(streams::kInvalidArgument,
                "NextToken and StreamCreationTimestamp cannot be provided together.");
  }
  const auto stream = TRY(find_stream(context, request.stream));
  const auto facts = stream->state().facts;
  if (!was_created_at(*facts, request.stream_creation_timestamp)) {
    return std::unexpected(streams::stream_not_found(facts->key));
  }
  const ListPage page(context, kTokenKind, request.max_results, kPageMax);
  const auto begin = TRY(page.begin(request.next_token));
  if (request.next_token && begin.stream_id != facts->id) {
    return fail(streams::kInvalidArgument, "Invalid NextToken.");
  }

  const TimePoint now = context.world().clock().now();
  Response response;
  const auto& all = facts->consumers;
  for (auto entry = all.upper_bound(begin.last);
       entry != all.end() && response.consumers.size() <= page.limit(); ++entry) {
    const streams::Consumer& consumer = entry->second;
    if (consumer.is_gone(now)) continue;
    response.consumers.push_back(to_shape(consumer, facts->key, consumer.status_at(now)));
  }
  if (page.cut(response.consumers)) {
    NextToken place;
    place.stream_id = facts->id;
    place.stream = facts->key;
    place.last = response.consumers.back().consumer_name;
    response.next_token = page.token(std::move(place));
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
