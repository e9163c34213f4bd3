// Certificates of the server's own making: a CA that people trust once, and the certificate it
// signs for the names under which clients reach the server. Keys are EC P-256; everything is PEM.

#pragma once

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/random.h"
#include "base/time_point.h"

namespace millrace::net {

inline constexpr ErrorCode kBadCertificate{"bad_certificate"};

struct KeyPair {
  std::string certificate;
  std::string key;
};

// Valid for ten years.
[[nodiscard]] Result<KeyPair> make_ca(Random& random, WallTime now);

// What make_ca() gave, certificate and key behind each other. Errors: kBadCertificate if they are
// not there or do not belong together, and if the certificate ends before `needed_until`.
[[nodiscard]] Result<KeyPair> parse_ca(std::string_view pem, WallTime needed_until);

// How long make_leaf()'s certificate is valid. Some clients take none that is for longer.
inline constexpr std::chrono::hours kLeafLife{24 * 825};

// A certificate of a server, signed by `ca`. `names` are DNS names, of which the first label may be
// `*`, and IP addresses.
[[nodiscard]] Result<KeyPair> make_leaf(const KeyPair& ca, const std::vector<std::string>& names,
                                        Random& random, WallTime now);

// Whether a certificate can be for `name`.
[[nodiscard]] bool is_certificate_name(std::string_view name);

}  // namespace millrace::net
