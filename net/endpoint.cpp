#include "net/endpoint.h"

#include <charconv>
#include <cstddef>
#include <string>
#include <string_view>
#include <system_error>

#include "base/error.h"

namespace millrace::net {
namespace {

constexpr std::string_view kPlain = "http://";
constexpr std::string_view kTls = "https://";

}  // namespace

std::string to_url(const Endpoint& endpoint) {
  const bool is_v6 = endpoint.address.find(':') != std::string::npos;
  return std::string(endpoint.is_tls ? kTls : kPlain) +
         (is_v6 ? "[" + endpoint.address + "]" : endpoint.address) + ":" +
         std::to_string(endpoint.port);
}

Result<Endpoint> parse_endpoint(std::string_view url) {
  Endpoint endpoint;
  endpoint.is_tls = url.starts_with(kTls);
  const std::string_view scheme = endpoint.is_tls ? kTls : kPlain;
  const std::size_t colon = url.rfind(':');
  if (url.starts_with(scheme) && colon >= scheme.size()) {
    std::string_view address = url.substr(scheme.size(), colon - scheme.size());
    if (address.starts_with('[') && address.ends_with(']')) {
      address = address.substr(1, address.size() - 2);
    }
    endpoint.address = address;
    const char* end = url.data() + url.size();
    const auto [stopped, error] = std::from_chars(url.data() + colon + 1, end, endpoint.port);
    if (error == std::errc{} && stopped == end && !address.empty()) return endpoint;
  }
  return fail(kBadEndpoint, "\"" + std::string(url) + "\" is no http://address:port");
}

std::string reachable_address(std::string_view address) {
  if (address == "0.0.0.0" || address == "localhost") return "127.0.0.1";
  return std::string(address == "::" ? "::1" : address);
}

}  // namespace millrace::net
