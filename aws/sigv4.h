// What a request says of who signed it. Whether that is true is a question of
// aws/sigv4_verify.h, asked only with --auth verify.

#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/error.h"
#include "net/http.h"

namespace millrace::aws {

// From the credential scope, `key id/date/region/service/aws4_request`; empty where it has less.
// Signature Version 4a has no region there: it is the only one of X-Amz-Region-Set, else empty.
struct Credential {
  std::string access_key_id;
  std::string region;
  std::string session_token;  // Of a temporary key; X-Amz-Security-Token.
};

// Errors, by the service's names and texts and in its order: kInvalidSignature,
// kMissingAuthenticationToken, kIncompleteSignature.
[[nodiscard]] Result<Credential> parse_credential(const net::HttpRequest& request);

// The token that goes with a temporary key; empty if there is none.
[[nodiscard]] std::string session_token(const net::HttpRequest& request);

// The service in the scope of a request's signature; empty if it has none or the scope has another
// form.
[[nodiscard]] std::string signed_service(const net::HttpRequest& request);

// Whether `error` is the name of one that parse_credential() or verify_signature() gives.
[[nodiscard]] bool is_signature_error(std::string_view error);

// All that it says, each as it stands there.
struct SignatureClaim {
  bool is_presigned = false;  // In the query instead of the Authorization header.
  std::string algorithm;
  std::string credential;
  std::string signed_headers;  // Names, separated by ';'.
  std::string signature;
  std::string date;                    // X-Amz-Date, else the Date header.
  std::optional<std::string> expires;  // X-Amz-Expires; only of a presigned request.
};

// Errors: those of parse_credential.
[[nodiscard]] Result<SignatureClaim> parse_claim(const net::HttpRequest& request);

}  // namespace millrace::aws
