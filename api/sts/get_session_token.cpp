// GetSessionToken: a temporary key of the caller's own account.
//
// Source: API_GetSessionToken, AWS STS API reference. The text for a caller with a temporary key is
// the service's, aws/aws-sdk-php#1876.

#include <cstdint>
#include <optional>
#include <string>
#include <tuple>

#include "api/context.h"
#include "api/errors.h"
#include "api/field.h"
#include "api/operation.h"
#include "api/sts/operations.h"
#include "api/sts/shapes.h"
#include "base/error.h"

namespace millrace::sts {
namespace {

constexpr std::int32_t kLifeDefault = 43200;

struct Request {
  std::optional<std::int32_t> duration_seconds;
  SecondFactor second_factor;
  std::optional<std::int32_t> token_size_min;

  static constexpr auto fields = std::tuple{
      field("DurationSeconds", &Request::duration_seconds).range(kLifeMin, kSessionLifeMax),
      api::flatten(&Request::second_factor),
      field("MinimumSessionTokenSize", &Request::token_size_min).range(0, 4096),
  };
};

struct Response {
  Credentials credentials;

  static constexpr auto fields = std::tuple{field("Credentials", &Response::credentials)};
};

Result<Response> handle(const Request& request, api::Context& context) {
  if (context.has_temporary_key) {
    return fail(api::kAccessDenied, "Cannot call GetSessionToken with session credentials");
  }
  const std::int32_t seconds = request.duration_seconds.value_or(kLifeDefault);
  return Response{make_credentials(context, context.scope.account, "", seconds)};
}

}  // namespace

const Operation& GetSessionToken() {
  static constexpr Operation kOperation = api::make_operation<&handle, kForms>("GetSessionToken");
  return kOperation;
}

}  // namespace millrace::sts
