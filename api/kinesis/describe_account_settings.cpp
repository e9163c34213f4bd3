// DescribeAccountSettings: the settings of the account in the region.
//
// Source: API_DescribeAccountSettings, Kinesis API reference.

#include <tuple>

#include "api/context.h"
#include "api/kinesis/account_settings.h"
#include "api/kinesis/operations.h"
#include "api/operation.h"
#include "base/error.h"
#include "world/world.h"

namespace millrace::kinesis {
namespace {

struct Request {
  static constexpr auto fields = std::tuple{};
};

Result<AccountSettings> handle(const Request& /*request*/, api::Context& context) {
  return to_shape(context.world().accounts().commitment(context.scope),
                  context.world().clock().now());
}

}  // namespace

const Operation& DescribeAccountSettings() {
  static constexpr Operation kOperation = api::make_operation<&handle>("DescribeAccountSettings");
  return kOperation;
}

}  // namespace millrace::kinesis
