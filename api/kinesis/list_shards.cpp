// ListShards: the shards of a stream, filtered, a page at a time.
//
// Source: API_ListShards, Kinesis API reference; order of checks and texts:
// tests/conformance/test_shards.py.

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include "api/context.h"
#include "api/kinesis/list_page.h"
#include "api/kinesis/operations.h"
#include "api/kinesis/patterns.h"
#include "api/kinesis/resources.h"
#include "api/kinesis/shapes.h"
#include "api/kinesis/tokens.h"
#include "api/operation.h"
#include "base/bytes.h"
#include "base/error.h"
#include "base/time_point.h"
#include "base/try.h"
#include "streams/errors.h"
#include "streams/shard_map.h"
#include "streams/stream.h"
#include "world/world.h"

namespace millrace::kinesis {
namespace {

constexpr std::int32_t kPageMax = 1000;  // A larger limit is accepted and cut.
constexpr std::string_view kTokenKind = "ListShards";
constexpr std::array<std::string_view, 6> kFilterTypes = {"AFTER_SHARD_ID",    "AT_TRIM_HORIZON",
                                                          "FROM_TRIM_HORIZON", "AT_LATEST",
                                                          "AT_TIMESTAMP",      "FROM_TIMESTAMP"};

struct Filter {
  std::string type;
  std::optional<std::string> shard_id;
  std::optional<TimePoint> timestamp;

  static constexpr auto fields = std::tuple{
      field("Type", &Filter::type).one_of(kFilterTypes).required(),
      field("ShardId", &Filter::shard_id).matching(kNamePattern).length(1, 128),
      field("Timestamp", &Filter::timestamp),
  };
};

struct Request {
  std::optional<std::int32_t> max_results;
  std::optional<std::string> exclusive_start_shard_id;
  OptionalStreamRef stream;
  std::optional<std::string> next_token;
  std::optional<TimePoint> stream_creation_timestamp;
  std::optional<Filter> shard_filter;

  static constexpr auto fields = std::tuple{
      field("MaxResults", &Request::max_results).range(1, 10000),
      field("ExclusiveStartShardId", &Request::exclusive_start_shard_id)
          .matching(kNamePattern)
          .length(1, 128),
      flatten(&Request::stream),
      field("NextToken", &Request::next_token).length(1, kNextTokenMax),
      field("StreamCreationTimestamp", &Request::stream_creation_timestamp),
      field("ShardFilter", &Request::shard_filter),
  };
};

struct Response {
  std::vector<ShardShape> shards;
  std::optional<std::string> next_token;

  static constexpr auto fields = std::tuple{
      field("Shards", &Response::shards),
      field("NextToken", &Response::next_token),
  };
};

// A listing as it is asked for, or as its token carries it on.
struct Listing {
  streams::StreamPointer stream;
  std::string after;  // Only shards with a higher id.
  std::optional<Filter> filter;
};

std::unexpected<Error> invalid(std::string message) {
  return fail(streams::kInvalidArgument, std::move(message));
}

Result<void> check_combination(const Request& request) {
  if (!request.next_token) {
    if (request.stream.name || request.stream.arn) return {};
    return invalid("Either NextToken or StreamName should be provided.");
  }
  const auto together = [](std::string_view other) {
    return invalid("NextToken and " + std::string(other) + " cannot be provided together.");
  };
  if (request.stream.name) return together("StreamName");
  if (request.shard_filter) return together("ShardFilter");
  if (request.exclusive_start_shard_id) return together("ExclusiveStartShardId");
  if (request.stream_creation_timestamp) return together("StreamCreationTimestamp");
  return {};
}

Result<void> check_filter(const Filter& filter) {
  const bool takes_shard = filter.type == "AFTER_SHARD_ID";
  const bool takes_time = filter.type == "AT_TIMESTAMP" || filter.type == "FROM_TIMESTAMP";
  if (takes_shard && !filter.shard_id) {
    return invalid("ShardId must be supplied in a ShardFilter with a Type of AFTER_SHARD_ID");
  }
  if (takes_time && !filter.timestamp) {
    return invalid(
        "Timestamp must be supplied in a ShardFilter with a Type of FROM_TIMESTAMP or "
        "AT_TIMESTAMP");
  }
  if (!takes_shard && filter.shard_id) {
    return invalid("ShardId can only be supplied in a ShardFilter with a Type of AFTER_SHARD_ID");
  }
  if (!takes_time && filter.timestamp) {
    return invalid(
        "Timestamp can only be supplied in a ShardFilter with a Type of FROM_TIMESTAMP or "
        "AT_TIMESTAMP");
  }
  return {};
}

std::string encode_filter(const std::optional<Filter>& filter) {
  std::string text;
  if (!filter) return text;
  append_text(text, filter->type);
  append_text(text, filter->shard_id.value_or(""));
  append_big_endian(text,
                    static_cast<std::uint64_t>(millis_of(filter->timestamp.value_or(TimePoint{}))));
  return text;
}

std::optional<Filter> decode_filter(std::string_view text) {
  if (text.empty()) return std::nullopt;
  ByteReader reader(text);
  Filter filter;
  filter.type = reader.take_text();
  filter.shard_id = reader.take_text();
  filter.timestamp = time_from_millis(static_cast<std::int64_t>(reader.take<std::uint64_t>()));
  return filter;
}

Result<Listing> resume(const Request& request, const ListPage& page, api::Context& context) {
  const auto token = TRY(page.begin(request.next_token));
  if (request.stream.arn) {
    const auto key = stream_key(context, request.stream.arn, std::nullopt);
    if (!key || *key != token.stream) return invalid("Invalid NextToken.");
  }
  const auto stream = TRY(find_stream(context, token.stream));
  if (stream->state().facts->id != token.stream_id) return invalid("Invalid NextToken.");
  return Listing{stream, token.last, decode_filter(token.detail)};
}

Result<Listing> start(const Request& request, api::Context& context) {
  const auto key = TRY(stream_key(context, request.stream.arn, request.stream.name));
  const auto stream = TRY(find_stream(context, key));
  const auto facts = stream->state().facts;
  if (!was_created_at(*facts, request.stream_creation_timestamp)) {
    return std::unexpected(streams::stream_not_found(key));
  }
  return Listing{stream, request.exclusive_start_shard_id.value_or(""), request.shard_filter};
}

// Whether the filter lets a shard through. A shard lives from the second it was opened in up to,
// and not including, the second its children were.
//
// Longer retention moves the horizon back over shards that have expired for good. Times before the
// first shards that are left count as theirs, or there were hash keys that no shard takes.
class FilterTest {
 public:
  FilterTest(const std::optional<Filter>& filter, const streams::StreamState& state, TimePoint now)
      : filter_(filter) {
    if (!filter) return;
    const TimePoint horizon = std::max(state.facts->horizon_at(now), state.facts->created_at);
    second_ = seconds_of(horizon);
    for (const streams::Shard& shard : state.shards->shards()) {
      const bool is_first = shard.parent && state.shards->find(*shard.parent) == nullptr;
      if (is_first) second_ = std::max(second_, shard.opened_second);
    }
    if (filter->timestamp) second_ = std::max(second_, seconds_of(*filter->timestamp));
  }

  [[nodiscard]] bool operator()(const streams::Shard& shard) const {
    if (!filter_) return true;
    const std::string& type = filter_->type;
    if (type == "AFTER_SHARD_ID") {
      const auto after = streams::parse_shard_id(*filter_->shard_id);
      return after ? shard.index > *after : streams::shard_id(shard.index) > *filter_->shard_id;
    }
    if (type == "AT_LATEST") return shard.is_open();
    const bool has_not_ended = shard.is_open() || shard.end->closed_second >= second_;
    if (type == "FROM_TRIM_HORIZON" || type == "FROM_TIMESTAMP") return has_not_ended;
    return shard.opened_second <= second_ && has_not_ended;
  }

 private:
  const std::optional<Filter>& filter_;
  std::int64_t second_ = 0;
};

Result<Response> handle(const Request& request, api::Context& context) {
  TRY(check_combination(request));
  const ListPage page(context, kTokenKind, request.max_results, kPageMax);
  const auto listing =
      TRY(request.next_token ? resume(request, page, context) : start(request, context));
  const auto state = listing.stream->state();
  const TimePoint now = context.world().clock().now();
  TRY(require_readable(*state.facts, now));
  if (request.shard_filter) {
    TRY(check_filter(*request.shard_filter));
  }

  const FilterTest passes(listing.filter, state, now);
  Response response;
  for (const streams::Shard* shard : listed_shards(state, now)) {
    if (response.shards.size() > page.limit()) break;
    if (streams::shard_id(shard->index) <= listing.after || !passes(*shard)) continue;
    response.shards.push_back(to_shape(*shard));
  }
  if (page.cut(response.shards)) {
    NextToken place;
    place.stream_id = state.facts->id;
    place.stream = state.facts->key;
    place.last = response.shards.back().shard_id;
    place.detail = encode_filter(listing.filter);
    response.next_token = page.token(std::move(place));
  }
  return response;
}

}  // namespace

const Operation& ListShards() {
  static constexpr Operation kOperation =
      api::make_operation<&handle>("ListShards", api::Lane::kInline, {1000, true});
  return kOperation;
}

}  // namespace millrace::kinesis
