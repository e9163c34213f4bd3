// UntagResource: removes tags from a stream or a consumer; unknown keys are passed over.
//
// Source: API_UntagResource, Kinesis API reference.

#include <optional>
#include <string>
#include <tuple>
#include <vector>

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
  std::vector<std::string> tag_keys;

  static constexpr auto fields = std::tuple{
      flatten(&Request::resource),
      field("TagKeys", &Request::tag_keys).length(1, 50).elements(1, 128).required(),
  };
};

Result<void> handle(const Request& request, api::Context& context) {
  const auto resource = TRY(find_resource(context, request.resource));
  return change_resource(context, resource, streams::Allowed::kActive,
                         [&](streams::Tags& tags, std::optional<std::string>& /*policy*/,
                             const streams::StreamKey& stream) {
                           return streams::remove_tags(tags, request.tag_keys, stream);
                         });
}

}  // namespace

const Operation& UntagResource() {
  static constexpr Operation kOperation = api::make_operation<&handle>("UntagResource");
  return kOperation;
}

}  // namespace millrace::kinesis
