// AssumeRole: a temporary key of a role's account.
//
// Any role is accepted, of any account: there are no roles whose trust could be asked. Session
// policies, tags and the rest are checked and ignored. SECURITY.md says what this opens.
// Source: API_AssumeRole, AWS STS API reference. The texts are the service's:
// physera/onelogin-aws-cli#12 (ARN), 99designs/aws-vault#263 (callers with a temporary key).

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "api/context.h"
#include "api/errors.h"
#include "api/field.h"
#include "api/operation.h"
#include "api/session_keys.h"
#include "api/sts/operations.h"
#include "api/sts/shapes.h"
#include "base/error.h"
#include "base/scope.h"
#include "world/world.h"

namespace millrace::sts {
namespace {

constexpr std::int32_t kLifeDefault = 3600;
constexpr std::int32_t kChainedLifeMax = 3600;

struct PolicyDescriptor {
  std::optional<std::string> arn;

  static constexpr auto fields = std::tuple{field("arn", &PolicyDescriptor::arn).length(20, 2048)};
};

struct Tag {
  std::string key;
  std::string value;

  static constexpr auto fields = std::tuple{
      field("Key", &Tag::key).length(1, 128).required(),
      field("Value", &Tag::value).length(0, 256).required(),
  };
};

struct ProvidedContext {
  std::optional<std::string> provider_arn;
  std::optional<std::string> assertion;

  static constexpr auto fields = std::tuple{
      field("ProviderArn", &ProvidedContext::provider_arn).length(20, 2048),
      field("ContextAssertion", &ProvidedContext::assertion).length(4, 2048),
  };
};

struct Request {
  std::string role_arn;
  std::string session_name;
  std::optional<std::vector<PolicyDescriptor>> policy_arns;
  std::optional<std::string> policy;
  std::optional<std::int32_t> duration_seconds;
  std::optional<std::vector<Tag>> tags;
  std::optional<std::vector<std::string>> transitive_tag_keys;
  std::optional<std::string> external_id;
  SecondFactor second_factor;
  std::optional<std::string> source_identity;
  std::optional<std::vector<ProvidedContext>> contexts;
  std::optional<std::int32_t> token_size_min;

  static constexpr auto fields = std::tuple{
      field("RoleArn", &Request::role_arn).length(20, 2048).required(),
      field("RoleSessionName", &Request::session_name)
          .matching(kSessionNamePattern)
          .length(2, 64)
          .required(),
      field("PolicyArns", &Request::policy_arns),
      field("Policy", &Request::policy).length_at_least(1),
      field("DurationSeconds", &Request::duration_seconds).range(kLifeMin, kRoleLifeMax),
      field("Tags", &Request::tags).length(0, 50),
      field("TransitiveTagKeys", &Request::transitive_tag_keys).length(0, 50).elements(1, 128),
      field("ExternalId", &Request::external_id).matching(kExternalIdPattern).length(2, 1224),
      api::flatten(&Request::second_factor),
      field("SourceIdentity", &Request::source_identity)
          .matching(kSessionNamePattern)
          .length(2, 64),
      field("ProvidedContexts", &Request::contexts).length(1, 5),
      field("MinimumSessionTokenSize", &Request::token_size_min).range(0, 4096),
  };
};

struct AssumedRoleUser {
  std::string id;
  std::string arn;

  static constexpr auto fields = std::tuple{
      field("AssumedRoleId", &AssumedRoleUser::id),
      field("Arn", &AssumedRoleUser::arn),
  };
};

struct Response {
  Credentials credentials;
  AssumedRoleUser user;
  std::optional<std::string> source_identity;

  static constexpr auto fields = std::tuple{
      field("Credentials", &Response::credentials),
      field("AssumedRoleUser", &Response::user),
      field("SourceIdentity", &Response::source_identity),
  };
};

struct Role {
  std::string partition;
  std::string account;
  std::string name;  // Without its path.
};

// Of `arn:{partition}:iam::{account}:role/{path}/{name}`.
std::optional<Role> parse_role_arn(std::string_view arn) {
  constexpr std::string_view kService = ":iam::";
  constexpr std::string_view kResource = ":role/";
  const std::size_t service = arn.find(kService);
  if (!arn.starts_with("arn:aws") || service == std::string_view::npos) return std::nullopt;
  const std::string_view partition = arn.substr(4, service - 4);
  const std::string_view rest = arn.substr(service + kService.size());
  const std::string_view account = rest.substr(0, kAccountDigits);
  if (!is_account(account) || !rest.substr(kAccountDigits).starts_with(kResource)) {
    return std::nullopt;
  }
  const std::string_view path = rest.substr(kAccountDigits + kResource.size());
  const std::string_view name = path.substr(path.rfind('/') + 1);  // All of it if there is none.
  if (name.empty() || partition.find(':') != std::string_view::npos) return std::nullopt;
  return Role{std::string(partition), std::string(account), std::string(name)};
}

Result<Response> handle(const Request& request, api::Context& context) {
  const auto role = parse_role_arn(request.role_arn);
  if (!role) return fail(api::kValidation, "Request ARN is invalid");
  const std::int32_t seconds = request.duration_seconds.value_or(kLifeDefault);
  if (context.has_temporary_key && seconds > kChainedLifeMax) {
    return fail(api::kValidation,
                "The requested DurationSeconds exceeds the 1 hour session limit for roles assumed "
                "by role chaining.");
  }
  const std::string name = "assumed-role/" + role->name + "/" + request.session_name;
  const std::string arn = "arn:" + role->partition + ":sts::" + role->account + ":" + name;
  const std::string role_id =
      "AROA" + api::id_of(context.world().sealer(), arn.substr(0, arn.rfind('/')));
  return Response{make_credentials(context, role->account, name, seconds),
                  {role_id + ":" + request.session_name, arn},
                  request.source_identity};
}

}  // namespace

const Operation& AssumeRole() {
  static constexpr Operation kOperation = api::make_operation<&handle, kForms>("AssumeRole");
  return kOperation;
}

}  // namespace millrace::sts
