#include "server/front_door.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "net/http.h"
#include "server/page.h"

namespace millrace::server {
namespace {

constexpr std::array<std::string_view, 5> kAllowedSuffixes = {
    ".localhost", ".internal", ".amazonaws.com", ".svc", ".cluster.local"};

bool is_host_character(unsigned char c) { return std::isalnum(c) != 0 || c == '-' || c == '_'; }

bool ends_with_ignoring_case(std::string_view text, std::string_view suffix) {
  return text.size() >= suffix.size() &&
         net::equals_ignoring_case(text.substr(text.size() - suffix.size()), suffix);
}

// A name that ends in a dot is the same name, told to be whole (RFC 1034 §3.1).
std::string_view without_final_dot(std::string_view name) {
  if (name.ends_with('.')) name.remove_suffix(1);
  return name;
}

struct Authority {
  std::string_view host;  // Without a final dot.
  std::string_view port;  // Digits; empty if none is given.
};

// Splits `host` or `host:port`; nullopt if the text has another form.
std::optional<Authority> split_authority(std::string_view authority) {
  std::string_view host = authority;
  std::string_view port;
  if (authority.starts_with('[')) {
    const std::size_t end = authority.find(']');
    if (end == std::string_view::npos) return std::nullopt;
    host = authority.substr(0, end + 1);
    port = authority.substr(end + 1);
  } else if (const std::size_t colon = authority.find(':'); colon != std::string_view::npos) {
    host = authority.substr(0, colon);
    port = authority.substr(colon);
  }
  if (!port.empty()) {
    if (port[0] != ':') return std::nullopt;
    port.remove_prefix(1);
  }
  const bool port_ok = port.size() <= 5 && std::ranges::all_of(port, [](unsigned char c) {
                         return std::isdigit(c) != 0;
                       });
  if (!port_ok) return std::nullopt;
  return Authority{without_final_dot(host), port};
}

bool is_ip_literal(std::string_view host) {
  if (host.starts_with('[')) {
    const std::string_view inside = host.substr(1, host.size() - 2);
    return host.ends_with(']') && std::ranges::all_of(inside, [](unsigned char c) {
             return std::isxdigit(c) != 0 || c == ':' || c == '.';
           });
  }
  return std::ranges::count(host, '.') == 3 && std::ranges::all_of(host, [](unsigned char c) {
           return std::isdigit(c) != 0 || c == '.';
         });
}

// Whether `origin` is that of the server itself: scheme, host and port are those that the request
// is addressed to. Its Host has been checked, so this is never the origin of a foreign page.
bool is_own_origin(const net::HttpRequest& request, std::string_view origin) {
  const bool is_tls = request.protocol.ends_with("+tls");
  const std::string_view scheme = is_tls ? "https://" : "http://";
  const auto host = request.header("host");
  if (!host || !net::equals_ignoring_case(origin.substr(0, scheme.size()), scheme)) return false;
  const auto asked = split_authority(net::trimmed(*host));
  const auto from = split_authority(origin.substr(scheme.size()));
  if (!asked || !from || asked->host.empty()) return false;
  const auto port_of = [is_tls](const Authority& authority) {
    if (!authority.port.empty()) return authority.port;
    return std::string_view(is_tls ? "443" : "80");
  };
  return net::equals_ignoring_case(asked->host, from->host) && port_of(*asked) == port_of(*from);
}

// Those of the server itself: an origin that may call services is let in to no other.
bool is_own_path(const net::HttpRequest& request) {
  return request.path.starts_with("/_millrace/") && !request.header("x-amz-target");
}

// Only the server's own pages, and what is no page.
bool may_control(const net::HttpRequest& request) {
  const auto site = request.header("sec-fetch-site");
  const auto is_foreign = [&](const net::Header& header) {
    return net::equals_ignoring_case(header.name, "origin") &&
           !is_own_origin(request, header.value);
  };
  return (!site || site == "same-origin" || site == "none") &&
         std::ranges::none_of(request.headers, is_foreign);
}

// A link on any page may lead a browser's window here; no page may read or frame what comes.
bool may_see_page(const net::HttpRequest& request) {
  const auto site = request.header("sec-fetch-site");
  const bool is_navigation = request.header("sec-fetch-mode") == "navigate" &&
                             request.header("sec-fetch-dest") == "document";
  const bool is_from_here = !site || site == "same-origin" || site == "none";
  const auto origin = request.header("origin");
  return (is_from_here || is_navigation) && (!origin || is_own_origin(request, *origin));
}

}  // namespace

bool FrontDoor::is_allowed_host(std::string_view authority) const {
  const auto parts = split_authority(authority);
  if (!parts || parts->host.empty()) return false;
  const std::string_view host = parts->host;
  if (is_ip_literal(host)) return true;
  const bool is_clean =
      std::ranges::all_of(host, [](unsigned char c) { return is_host_character(c) || c == '.'; });
  if (!is_clean) return false;
  // A name of one label is never a name of the public net: localhost, a service of a compose file.
  if (host.find('.') == std::string_view::npos) return true;
  const auto matches_suffix = [&](std::string_view suffix) {
    return ends_with_ignoring_case(host, suffix);
  };
  return std::ranges::any_of(kAllowedSuffixes, matches_suffix) ||
         std::ranges::any_of(allowed_hosts_, [&](const std::string& allowed) {
           return net::equals_ignoring_case(host, without_final_dot(allowed));
         });
}

bool FrontDoor::is_allowed_origin(std::string_view origin) const {
  return std::ranges::any_of(allowed_origins_, [&](const std::string& allowed) {
    return allowed == "*" || net::equals_ignoring_case(origin, allowed);
  });
}

bool FrontDoor::may_call(const net::HttpRequest& request) const {
  if (is_page_request(request)) return may_see_page(request);
  if (is_own_path(request)) return may_control(request);
  bool has_origin = false;
  for (const net::Header& header : request.headers) {
    if (!net::equals_ignoring_case(header.name, "origin")) continue;
    has_origin = true;
    if (!is_allowed_origin(header.value) && !is_own_origin(request, header.value)) return false;
  }
  return has_origin || request.header("sec-fetch-site") != "cross-site";
}

std::optional<net::HttpResponse> FrontDoor::refuse(const net::HttpRequest& request) const {
  if (request.header_count("host") > 1) {
    return net::plain_response(400, "A request has one Host header.\n", true);
  }
  const auto host = request.header("host");
  if (host && !is_allowed_host(net::trimmed(*host))) {
    return net::plain_response(
        403,
        "This host name is not allowed. Start the server with --allow-host NAME "
        "to allow it.\n");
  }
  if (!may_call(request) && is_own_path(request)) {
    return net::plain_response(403,
                               "Web pages of other origins may not use this server's own paths.\n");
  }
  if (!may_call(request)) {
    return net::plain_response(403,
                               "Requests from web pages are not allowed. Start the server with "
                               "--allow-origin ORIGIN to allow them.\n");
  }
  return std::nullopt;
}

std::optional<net::HttpResponse> FrontDoor::answer_preflight(
    const net::HttpRequest& request) const {
  const auto origin = request.header("origin");
  if (request.method != "OPTIONS" || !origin || !is_allowed_origin(*origin)) return std::nullopt;
  net::HttpResponse response;
  response.headers.emplace_back("Access-Control-Max-Age", "172800");
  if (const auto wanted = request.header("access-control-request-headers")) {
    response.headers.emplace_back("Access-Control-Allow-Headers", std::string(*wanted));
  }
  if (const auto wanted = request.header("access-control-request-method")) {
    response.headers.emplace_back("Access-Control-Allow-Methods", std::string(*wanted));
  }
  return response;
}

void FrontDoor::add_headers(const net::HttpRequest& request, net::HttpResponse& response) const {
  const auto origin = request.header("origin");
  if (!origin || !is_allowed_origin(*origin)) return;
  response.headers.emplace_back("Access-Control-Allow-Origin", "*");
  if (request.method == "OPTIONS") return;
  response.headers.emplace_back(
      "Access-Control-Expose-Headers",
      "x-amzn-RequestId,x-amzn-ErrorType,x-amz-request-id,x-amz-id-2,x-amzn-ErrorMessage,Date");
}

}  // namespace millrace::server
