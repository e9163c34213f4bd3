// GetResourcePolicy: the policy of a stream or a consumer as it came; `{}` without one.
//
// Source: API_GetResourcePolicy, Kinesis API reference.

#include <string>
#include <tuple>

#include "api/context.h"
#include "api/kinesis/operations.h"
#include "api/kinesis/resources.h"
#include "api/operation.h"
#include "base/error.h"
#include "base/try.h"

namespace millrace::kinesis {
namespace {

struct Response {
  std::string policy;

  static constexpr auto fields = std::tuple{field("Policy", &Response::policy).required()};
};

Result<Response> handle(const ResourceRef& ref, api::Context& context) {
  const auto resource = TRY(find_resource(context, ref));
  return Response{resource.policy.value_or("{}")};
}

}  // namespace

const Operation& GetResourcePolicy() {
  static constexpr Operation kOperation = api::make_operation<&handle>("GetResourcePolicy");
  return kOperation;
}

}  // namespace millrace::kinesis
