// What several operations of STS share.

#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <tuple>

#include "api/context.h"
#include "api/field.h"
#include "base/time_point.h"

namespace millrace::sts {

using api::field;

// Shortest and longest life of a key, in seconds. Source: API_AssumeRole, API_GetSessionToken.
inline constexpr std::int32_t kLifeMin = 900;
inline constexpr std::int32_t kRoleLifeMax = 43200;
inline constexpr std::int32_t kSessionLifeMax = 129600;

extern const api::Pattern kSessionNamePattern;
extern const api::Pattern kExternalIdPattern;
extern const api::Pattern kSerialNumberPattern;
extern const api::Pattern kTokenCodePattern;

// A device for a second factor and what it shows. Both are accepted and ignored.
struct SecondFactor {
  std::optional<std::string> serial_number;
  std::optional<std::string> token_code;

  static constexpr auto fields = std::tuple{
      field("SerialNumber", &SecondFactor::serial_number)
          .matching(kSerialNumberPattern)
          .length(9, 256),
      field("TokenCode", &SecondFactor::token_code).matching(kTokenCodePattern).length(6, 6),
  };
};

struct Credentials {
  std::string access_key_id;
  std::string secret_access_key;
  std::string session_token;
  TimePoint expiration{};

  static constexpr auto fields = std::tuple{
      field("AccessKeyId", &Credentials::access_key_id),
      field("SecretAccessKey", &Credentials::secret_access_key),
      field("SessionToken", &Credentials::session_token),
      field("Expiration", &Credentials::expiration),
  };
};

// A key of `account` that is good for so many seconds from now. `name` is that of its session, as
// Caller::session.
[[nodiscard]] Credentials make_credentials(const api::Context& context, const std::string& account,
                                           const std::string& name, std::int32_t seconds);

}  // namespace millrace::sts
