// Signature Version 4: what a client has to have signed, and whether it did.
//
// Source: "AWS Signature Version 4 for API requests", IAM user guide, as it is for services other
// than S3. tests/vectors/test_sigv4.py compares each step with the vectors AWS publishes. The order
// of the checks and their texts are the service's, as peers have recorded them.

#pragma once

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

#include "aws/access_keys.h"
#include "base/error.h"
#include "base/sealer.h"
#include "base/wall_clock.h"
#include "net/http.h"

namespace millrace::aws {

inline constexpr std::string_view kSignatureAlgorithm = "AWS4-HMAC-SHA256";

// What signatures are verified with.
struct SignatureCheck {
  AccessKeys keys;
  const WallClock& clock;  // Outlives this, as the next one.
  const Sealer& sealer;    // That temporary keys (api/session_keys.h) are derived from.
};

// How far a client's clock may be from ours; also how long a presigned request without
// X-Amz-Expires is good for.
inline constexpr std::chrono::seconds kSkewMax{300};
inline constexpr std::chrono::seconds kExpiresMax{604'800};  // A week.

// The names of a SignedHeaders list as they are signed: lower case, sorted, each once.
[[nodiscard]] std::vector<std::string> signed_names(std::string_view list);

// `names` as signed_names() gives them; a header of theirs that is not there counts as empty.
// `payload_hash` is SHA-256 of the body in hex.
[[nodiscard]] std::string canonical_request(const net::HttpRequest& request,
                                            const std::vector<std::string>& names,
                                            std::string_view payload_hash);

// `timestamp` is 20150830T123600Z, `scope` is date/region/service/aws4_request.
[[nodiscard]] std::string string_to_sign(std::string_view timestamp, std::string_view scope,
                                         std::string_view canonical_request);

// In hex, as requests carry it.
[[nodiscard]] std::string signature(std::string_view secret_access_key, std::string_view scope,
                                    std::string_view string_to_sign);

// Whether one of the keys of `check`, or a temporary one, signed `request` for `service` within its
// time: host, body, the target if it has one and, unless it is presigned, its content type if it
// has one.
//
// Errors, by the service's names and texts: those of parse_credential, kIncompleteSignature for
// what cannot be read, kInvalidSignature, kUnrecognizedClient for a key, or a token, that is not
// known, kExpiredToken.
[[nodiscard]] Result<void> verify_signature(const net::HttpRequest& request,
                                            std::string_view service, const SignatureCheck& check);

}  // namespace millrace::aws
