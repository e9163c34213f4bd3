// What a request says of who signed it. Signatures are not verified: the shape is what clients are
// tested by.

#pragma once

#include <string>
#include <string_view>

#include "base/error.h"
#include "server/http.h"

namespace millrace::server {

// From the credential scope, `key id/date/region/service/aws4_request`; empty where it has less.
struct Credential {
  std::string access_key_id;
  std::string region;
};

// Errors, by the service's names and texts and in its order: kInvalidSignature,
// kMissingAuthenticationToken, kIncompleteSignature.
[[nodiscard]] Result<Credential> parse_credential(const HttpRequest& request);

}  // namespace millrace::server
