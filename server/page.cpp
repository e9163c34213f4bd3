#include "server/page.h"

#include <algorithm>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "console_files.h"
#include "millrace_version.h"
#include "net/http.h"

namespace millrace::server {
namespace {

constexpr std::string_view kAmzPrefix = "x-amz-";

bool is_signed(const net::HttpRequest& request) {
  return std::ranges::any_of(request.headers, [](const net::Header& header) {
    return net::equals_ignoring_case(header.name, "authorization") ||
           net::equals_ignoring_case(header.name.substr(0, kAmzPrefix.size()), kAmzPrefix);
  });
}

void replace_all(std::string& text, std::string_view word, std::string_view value) {
  for (std::size_t at = text.find(word); at != std::string::npos;
       at = text.find(word, at + value.size())) {
    text.replace(at, word.size(), value);
  }
}

net::HttpResponse file(std::string_view content_type, std::string body) {
  net::HttpResponse response;
  response.content_type = content_type;
  response.body = std::move(body);
  response.headers = {
      {"Cache-Control", "no-store"},
      {"Content-Security-Policy", "default-src 'self'; frame-ancestors 'none'; form-action 'none'"},
      {"X-Frame-Options", "DENY"},
      {"X-Content-Type-Options", "nosniff"},
      {"Referrer-Policy", "no-referrer"},
  };
  return response;
}

// The address that the browser has reached is the one to use. The front door has looked at it: it
// has no character that means something in HTML.
std::string page_for(const net::HttpRequest& request) {
  const bool is_tls = request.protocol.ends_with("+tls");
  const std::string endpoint =
      (is_tls ? "https://" : "http://") +
      std::string(net::trimmed(request.header("host").value_or("localhost")));
  std::string page(files::kPageHtml);
  replace_all(page, "{{version}}", kVersion);
  replace_all(page, "{{endpoint}}", endpoint);
  return page;
}

}  // namespace

bool is_page_request(const net::HttpRequest& request) {
  const bool reads = request.method == "GET" || request.method == "HEAD";
  const bool wants_html =
      request.header("accept").value_or("").find("text/html") != std::string_view::npos;
  return reads && request.path == "/" && request.query.empty() && wants_html && !is_signed(request);
}

std::optional<net::HttpResponse> answer_page(const net::HttpRequest& request) {
  if (is_page_request(request)) return file("text/html; charset=utf-8", page_for(request));
  if (request.path == "/_millrace/page.css") return file("text/css", std::string(files::kPageCss));
  if (request.path == "/_millrace/icon.svg") {
    return file("image/svg+xml", std::string(files::kIconSvg));
  }
  return std::nullopt;
}

}  // namespace millrace::server
