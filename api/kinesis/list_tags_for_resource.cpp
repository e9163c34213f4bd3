// ListTagsForResource: the tags of a stream or a consumer, by key.
//
// Source: API_ListTagsForResource, Kinesis API reference.

#include <tuple>
#include <vector>

#include "api/context.h"
#include "api/kinesis/operations.h"
#include "api/kinesis/resources.h"
#include "api/kinesis/shapes.h"
#include "api/operation.h"
#include "base/error.h"
#include "base/try.h"

namespace millrace::kinesis {
namespace {

struct Response {
  std::vector<TagShape> tags;

  static constexpr auto fields = std::tuple{field("Tags", &Response::tags)};
};

Result<Response> handle(const ResourceRef& ref, api::Context& context) {
  const auto resource = TRY(find_resource(context, ref));
  Response response;
  for (const auto& [key, value] : resource.tags) response.tags.push_back({key, value});
  return response;
}

}  // namespace

const Operation& ListTagsForResource() {
  static constexpr Operation kOperation = api::make_operation<&handle>("ListTagsForResource");
  return kOperation;
}

}  // namespace millrace::kinesis
