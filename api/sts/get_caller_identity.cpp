// GetCallerIdentity: the account and name of whoever signed the call.
//
// A key of the key file, or of nobody in particular, is its account's root.
// Source: API_GetCallerIdentity, AWS STS API reference.

#include <cstddef>
#include <string>
#include <tuple>

#include "api/context.h"
#include "api/operation.h"
#include "api/session_keys.h"
#include "api/sts/operations.h"
#include "api/sts/shapes.h"
#include "base/error.h"
#include "base/scope.h"
#include "world/world.h"

namespace millrace::sts {
namespace {

struct Request {
  static constexpr auto fields = std::tuple{};
};

struct Response {
  std::string user_id;
  std::string account;
  std::string arn;

  static constexpr auto fields = std::tuple{
      field("UserId", &Response::user_id),
      field("Account", &Response::account),
      field("Arn", &Response::arn),
  };
};

Result<Response> handle(const Request& /*request*/, api::Context& context) {
  const std::string partition(partition_of(context.scope.region));
  if (context.session.empty()) {
    return Response{context.scope.account, context.scope.account,
                    "arn:" + partition + ":iam::" + context.scope.account + ":root"};
  }
  const std::string arn =
      "arn:" + partition + ":sts::" + context.scope.account + ":" + context.session;
  const std::size_t slash = arn.rfind('/');
  return Response{"AROA" + api::id_of(context.world().sealer(), arn.substr(0, slash)) + ":" +
                      arn.substr(slash + 1),
                  context.scope.account, arn};
}

}  // namespace

const Operation& GetCallerIdentity() {
  static constexpr Operation kOperation = api::make_operation<&handle, kForms>("GetCallerIdentity");
  return kOperation;
}

}  // namespace millrace::sts
