// DeleteResourcePolicy: takes the policy off a stream or a consumer.
//
// Source: API_DeleteResourcePolicy, Kinesis API reference.

#include <optional>
#include <string>

#include "api/context.h"
#include "api/kinesis/operations.h"
#include "api/kinesis/resources.h"
#include "api/operation.h"
#include "base/error.h"
#include "streams/errors.h"
#include "streams/stream.h"
#include "streams/stream_key.h"
#include "streams/tags.h"

namespace millrace::kinesis {
namespace {

Result<void> handle(const ResourceRef& ref, api::Context& context) {
  const auto resource = find_resource(context, ref);
  if (!resource) return std::unexpected(resource.error());
  return change_resource(context, *resource, streams::Allowed::kActiveOrUpdating,
                         [&](streams::Tags& /*tags*/, std::optional<std::string>& policy,
                             const streams::StreamKey& /*stream*/) -> Result<void> {
                           if (!policy) {
                             return fail(
                                 streams::kResourceNotFound,
                                 "No resource policy found for resource ARN " + ref.arn + ".");
                           }
                           policy.reset();
                           return {};
                         });
}

}  // namespace

const Operation& DeleteResourcePolicy() {
  static constexpr Operation kOperation = api::make_operation<&handle>("DeleteResourcePolicy");
  return kOperation;
}

}  // namespace millrace::kinesis
