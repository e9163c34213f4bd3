// DescribeStream: a stream and its shards, a page at a time.
//
// Source: API_DescribeStream, Kinesis API reference. Which members are there:
// tests/conformance/test_streams.py.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <tuple>
#include <vector>

#include "api/context.h"
#include "api/kinesis/operations.h"
#include "api/kinesis/patterns.h"
#include "api/kinesis/resources.h"
#include "api/kinesis/shapes.h"
#include "api/operation.h"
#include "base/error.h"
#include "base/time_point.h"
#include "base/try.h"
#include "streams/shard_map.h"
#include "streams/stream.h"
#include "world/world.h"

namespace millrace::kinesis {
namespace {

constexpr std::int32_t kPageMax = 100;  // A larger limit is accepted and cut.

struct Request {
  std::optional<std::int32_t> limit;
  std::optional<std::string> exclusive_start_shard_id;
  StreamRef stream;

  static constexpr auto fields = std::tuple{
      field("Limit", &Request::limit).range(1, 10000),
      field("ExclusiveStartShardId", &Request::exclusive_start_shard_id)
          .matching(kNamePattern)
          .length(1, 128),
      flatten(&Request::stream),
  };
};

struct StreamDescription {
  StreamBasics basics;
  std::vector<ShardShape> shards;
  bool has_more_shards = false;

  static constexpr auto fields = std::tuple{
      flatten(&StreamDescription::basics),
      field("Shards", &StreamDescription::shards).required(),
      field("HasMoreShards", &StreamDescription::has_more_shards).required(),
  };
};

struct Response {
  StreamDescription description;

  static constexpr auto fields = std::tuple{
      field("StreamDescription", &Response::description).required(),
  };
};

Result<Response> handle(const Request& request, api::Context& context) {
  const auto stream = TRY(find_stream(context, request.stream));

  const auto state = stream->state();
  const TimePoint now = context.world().clock().now();
  Response response;
  StreamDescription& description = response.description;
  description.basics = to_shape(*state.facts, now);
  if (!require_readable(*state.facts, now)) return response;  // No shards yet, or no longer.

  const auto limit = static_cast<std::size_t>(std::min(request.limit.value_or(kPageMax), kPageMax));
  for (const streams::Shard* shard : listed_shards(state, now)) {
    if (request.exclusive_start_shard_id &&
        streams::shard_id(shard->index) <= *request.exclusive_start_shard_id) {
      continue;
    }
    description.has_more_shards = description.shards.size() == limit;
    if (description.has_more_shards) break;
    description.shards.push_back(to_shape(*shard));
  }
  return response;
}

}  // namespace

const Operation& DescribeStream() {
  static constexpr Operation kOperation =
      api::make_operation<&handle>("DescribeStream", api::Lane::kInline, {10});
  return kOperation;
}

}  // namespace millrace::kinesis
