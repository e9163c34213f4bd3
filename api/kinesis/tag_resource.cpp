// TagResource: adds tags to a stream or a consumer, or gives existing ones another value.
//
// Source: API_TagResource, Kinesis API reference. A stream's tags are those of AddTagsToStream.

#include <optional>
#include <string>
#include <tuple>

#include "api/context.h"
#include "api/kinesis/operations.h"
#include "api/kinesis/resources.h"
#include "api/operation.h"
#include "base/error.h"
#include "base/try.h"
#include "streams/stream.h"
#include "streams/stream_key.h"
#include "streams/tags.h"

namespace millrace::kinesis {
namespace {

struct Request {
  ResourceRef resource;
  streams::Tags tags;

  static constexpr auto fields = std::tuple{
      flatten(&Request::resource),
      field("Tags", &Request::tags).length(1, 200).keys(1, 128).values(0, 256).required(),
  };
};

Result<void> handle(const Request& request, api::Context& context) {
  const auto resource = TRY(find_resource(context, request.resource));
  return change_resource(context, resource, streams::Allowed::kActive,
                         [&](streams::Tags& tags, std::optional<std::string>& /*policy*/,
                             const streams::StreamKey& stream) {
                           return streams::add_tags(tags, request.tags, stream);
                         });
}

}  // namespace

const Operation& TagResource() {
  static constexpr Operation kOperation = api::make_operation<&handle>("TagResource");
  return kOperation;
}

}  // namespace millrace::kinesis
