// The address, port and scheme under which the server is reached.

#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/error.h"

namespace millrace::net {

inline constexpr ErrorCode kBadEndpoint{"bad_endpoint"};

struct Endpoint {
  bool is_tls = false;
  std::string address;  // Of IPv4 or IPv6.
  std::uint16_t port = 0;

  bool operator==(const Endpoint&) const = default;
};

// `http://127.0.0.1:4567`.
[[nodiscard]] std::string to_url(const Endpoint& endpoint);

// What to_url() gave. Errors: kBadEndpoint.
[[nodiscard]] Result<Endpoint> parse_endpoint(std::string_view url);

// Where this machine reaches what listens on `address`: loopback for every address and localhost.
[[nodiscard]] std::string reachable_address(std::string_view address);

}  // namespace millrace::net
