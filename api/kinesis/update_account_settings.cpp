// UpdateAccountSettings: takes or ends the minimum throughput billing commitment.
//
// It lasts 24 hours at least; one that is ended earlier goes on until then.
// Source: API_UpdateAccountSettings, Kinesis API reference.

#include <array>
#include <string>
#include <string_view>
#include <tuple>

#include "api/context.h"
#include "api/field.h"
#include "api/kinesis/account_settings.h"
#include "api/kinesis/operations.h"
#include "api/operation.h"
#include "base/error.h"
#include "base/try.h"
#include "world/world.h"

namespace millrace::kinesis {
namespace {

using api::field;

constexpr std::array<std::string_view, 2> kStatuses = {"ENABLED", "DISABLED"};

struct Commitment {
  std::string status;

  static constexpr auto fields = std::tuple{
      field("Status", &Commitment::status).one_of(kStatuses).required(),
  };
};

struct Request {
  Commitment commitment;

  static constexpr auto fields = std::tuple{
      field("MinimumThroughputBillingCommitment", &Request::commitment).required(),
  };
};

Result<AccountSettings> handle(const Request& request, api::Context& context) {
  const auto changed = TRY(context.world().accounts().set_commitment(
      context.scope, request.commitment.status == "ENABLED"));
  const auto& [commitment, ticket] = changed;
  context.wait_for(ticket);
  return to_shape(commitment, context.world().clock().now());
}

}  // namespace

const Operation& UpdateAccountSettings() {
  static constexpr Operation kOperation = api::make_operation<&handle>("UpdateAccountSettings");
  return kOperation;
}

}  // namespace millrace::kinesis
