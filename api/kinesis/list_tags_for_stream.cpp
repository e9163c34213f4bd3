// ListTagsForStream: the tags of a stream, by key.
//
// Source: API_ListTagsForStream, Kinesis API reference; the order of keys (by code unit):
// tests/conformance/test_tags.py.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <tuple>
#include <vector>

#include "api/context.h"
#include "api/kinesis/operations.h"
#include "api/kinesis/resources.h"
#include "api/kinesis/shapes.h"
#include "api/operation.h"
#include "base/error.h"
#include "base/try.h"
#include "streams/stream.h"

namespace millrace::kinesis {
namespace {

constexpr std::int32_t kLimitMax = 50;

struct Request {
  std::optional<std::int32_t> limit;
  std::optional<std::string> exclusive_start_tag_key;
  StreamRef stream;

  static constexpr auto fields = std::tuple{
      field("Limit", &Request::limit).range(1, kLimitMax),
      field("ExclusiveStartTagKey", &Request::exclusive_start_tag_key).length(1, 128),
      flatten(&Request::stream),
  };
};

struct Response {
  std::vector<TagShape> tags;
  bool has_more_tags = false;

  static constexpr auto fields = std::tuple{
      field("Tags", &Response::tags).required(),
      field("HasMoreTags", &Response::has_more_tags).required(),
  };
};

Result<Response> handle(const Request& request, api::Context& context) {
  const auto stream = TRY(find_stream(context, request.stream));

  const auto facts = stream->state().facts;
  const auto limit = static_cast<std::size_t>(request.limit.value_or(kLimitMax));
  Response response;
  auto tag = facts->tags.upper_bound(request.exclusive_start_tag_key.value_or(""));
  for (; tag != facts->tags.end() && response.tags.size() < limit; ++tag) {
    response.tags.push_back({tag->first, tag->second});
  }
  response.has_more_tags = tag != facts->tags.end();
  return response;
}

}  // namespace

const Operation& ListTagsForStream() {
  static constexpr Operation kOperation = api::make_operation<&handle>("ListTagsForStream");
  return kOperation;
}

}  // namespace millrace::kinesis
