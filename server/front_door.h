// Who may talk to us at all: the check before every other, for all paths and methods.
//
// A page in a browser can reach a server on loopback. It cannot choose its Host and Origin, so
// these decide: names that only lead here, and no foreign origin unless it is allowed. A page that
// this server itself has given is not foreign.

#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "net/http.h"

namespace millrace::server {

class FrontDoor {
 public:
  FrontDoor(std::vector<std::string> allowed_hosts, std::vector<std::string> allowed_origins)
      : allowed_hosts_(std::move(allowed_hosts)), allowed_origins_(std::move(allowed_origins)) {}

  // The refusal, if the request is refused; it names the option that would allow it.
  [[nodiscard]] std::optional<net::HttpResponse> refuse(const net::HttpRequest& request) const;

  // The answer to a preflight of an allowed origin; browsers send none to a page's own server.
  [[nodiscard]] std::optional<net::HttpResponse> answer_preflight(
      const net::HttpRequest& request) const;

  // Adds the headers that allow another origin; none for a request without one, or with our own.
  void add_headers(const net::HttpRequest& request, net::HttpResponse& response) const;

 private:
  [[nodiscard]] bool is_allowed_host(std::string_view host) const;
  [[nodiscard]] bool is_allowed_origin(std::string_view origin) const;
  // Whether the page that sent the request, if one did, may call.
  [[nodiscard]] bool may_call(const net::HttpRequest& request) const;

  const std::vector<std::string> allowed_hosts_;
  const std::vector<std::string> allowed_origins_;
};

}  // namespace millrace::server
