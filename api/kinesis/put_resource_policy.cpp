// PutResourcePolicy: says what other accounts may do with a stream or a consumer.
//
// The text is kept as it came. It is enforced with --enforce-policies only (api/policy.h).
// Source: API_PutResourcePolicy, Kinesis API reference.

#include <optional>
#include <string>
#include <tuple>

#include "api/context.h"
#include "api/kinesis/operations.h"
#include "api/kinesis/resources.h"
#include "api/operation.h"
#include "api/policy.h"
#include "base/error.h"
#include "base/try.h"
#include "streams/stream.h"
#include "streams/stream_key.h"
#include "streams/tags.h"

namespace millrace::kinesis {
namespace {

struct Request {
  std::string policy;
  ResourceRef resource;

  static constexpr auto fields = std::tuple{
      field("Policy", &Request::policy).required(),
      flatten(&Request::resource),
  };
};

Result<void> handle(const Request& request, api::Context& context) {
  const auto resource = TRY(find_resource(context, request.resource));
  TRY(api::parse_policy(request.policy));
  return change_resource(context, resource, streams::Allowed::kActiveOrUpdating,
                         [&](streams::Tags& /*tags*/, std::optional<std::string>& policy,
                             const streams::StreamKey& /*stream*/) -> Result<void> {
                           policy = request.policy;
                           return {};
                         });
}

}  // namespace

const Operation& PutResourcePolicy() {
  static constexpr Operation kOperation = api::make_operation<&handle>("PutResourcePolicy");
  return kOperation;
}

}  // namespace millrace::kinesis
