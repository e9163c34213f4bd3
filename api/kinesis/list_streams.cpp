// ListStreams: the streams of the account in the region, by name, a page at a time.
//
// Source: API_ListStreams, Kinesis API reference. Newer clients go on by NextToken, older ones by
// ExclusiveStartStreamName; where both are given the token counts.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include "api/context.h"
#include "api/kinesis/arn.h"
#include "api/kinesis/list_page.h"
#include "api/kinesis/operations.h"
#include "api/kinesis/patterns.h"
#include "api/kinesis/shapes.h"
#include "api/kinesis/tokens.h"
#include "api/operation.h"
#include "base/error.h"
#include "base/time_point.h"
#include "base/try.h"
#include "streams/catalogue.h"
#include "streams/stream.h"
#include "streams/stream_facts.h"
#include "world/world.h"

namespace millrace::kinesis {
namespace {

constexpr std::int32_t kPageMax = 100;  // A larger limit is accepted and cut.
constexpr std::string_view kTokenKind = "ListStreams";

struct Request {
  std::optional<std::int32_t> limit;
  std::optional<std::string> exclusive_start_stream_name;
  std::optional<std::string> next_token;

  static constexpr auto fields = std::tuple{
      field("Limit", &Request::limit).range(1, 10000),
      field("ExclusiveStartStreamName", &Request::exclusive_start_stream_name)
          .matching(kNamePattern)
          .length(1, 128),
      field("NextToken", &Request::next_token).length(1, kNextTokenMax),
  };
};

struct StreamSummary {
  std::string stream_name;
  std::string stream_arn;
  std::string stream_status;
  StreamModeDetails stream_mode_details;
  TimePoint stream_creation_timestamp{};

  static constexpr auto fields = std::tuple{
      field("StreamName", &StreamSummary::stream_name).required(),
      field("StreamARN", &StreamSummary::stream_arn).required(),
      field("StreamStatus", &StreamSummary::stream_status).required(),
      field("StreamModeDetails", &StreamSummary::stream_mode_details),
      field("StreamCreationTimestamp", &StreamSummary::stream_creation_timestamp),
  };
};

struct Response {
  std::vector<std::string> stream_names;
  bool has_more_streams = false;
  std::optional<std::string> next_token;
  std::vector<StreamSummary> stream_summaries;

  static constexpr auto fields = std::tuple{
      field("StreamNames", &Response::stream_names).required(),
      field("HasMoreStreams", &Response::has_more_streams).required(),
      field("NextToken", &Response::next_token),
      field("StreamSummaries", &Response::stream_summaries),
  };
};

Result<Response> handle(const Request& request, api::Context& context) {
  const ListPage page(context, kTokenKind, request.limit, kPageMax);
  const auto begin = TRY(page.begin(request.next_token));
  const std::string after =
      request.next_token ? begin.last : request.exclusive_start_stream_name.value_or("");
  const TimePoint now = context.world().clock().now();
  Response response;
  auto streams = context.world().catalogue().list(context.scope, after, page.limit() + 1);
  response.has_more_streams = page.cut(streams);
  for (const auto& stream : streams) {
    const auto facts = stream->state().facts;
    response.stream_names.push_back(facts->key.name);
    StreamSummary& summary = response.stream_summaries.emplace_back();
    summary.stream_name = facts->key.name;
    summary.stream_arn = stream_arn(facts->key);
    summary.stream_status = streams::to_text(facts->status_at(now));
    summary.stream_mode_details = to_shape(facts->settings.mode);
    summary.stream_creation_timestamp = time_from_millis(seconds_of(facts->created_at) * 1000);
  }
  if (response.has_more_streams) {
    NextToken place;
    place.last = response.stream_names.back();
    response.next_token = page.token(std::move(place));
  }
  return response;
}

}  // namespace

const Operation& ListStreams() {
  static constexpr Operation kOperation = api::make_operation<&handle>("ListStreams");
  return kOperation;
}

}  // namespace millrace::kinesis
