#include "net/http.h"

#include <algorithm>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "net/uri.h"

namespace millrace::net {

bool equals_ignoring_case(std::string_view a, std::string_view b) {
  constexpr auto kLower = [](char c) { return c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c; };
  return std::ranges::equal(a, b, {}, kLower, kLower);
}

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view kBlanks = " \t";
  const std::size_t first = text.find_first_not_of(kBlanks);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kBlanks) - first + 1);
}

std::optional<std::string_view> HttpRequest::header(std::string_view name) const {
  for (const Header& header : headers) {
    if (equals_ignoring_case(header.name, name)) return header.value;
  }
  return std::nullopt;
}

std::size_t HttpRequest::header_count(std::string_view name) const {
  return static_cast<std::size_t>(std::ranges::count_if(
      headers, [&](const Header& header) { return equals_ignoring_case(header.name, name); }));
}

Coding coding_of(const HttpRequest& request) {
  Coding coding = Coding::kIdentity;
  for (const Header& header : request.headers) {
    if (!equals_ignoring_case(header.name, "content-encoding")) continue;
    split(header.value, ",", [&](std::string_view part) {
      const std::string_view name = trimmed(part);
      if (name.empty() || equals_ignoring_case(name, "identity")) return;
      const bool is_gzip =
          equals_ignoring_case(name, "gzip") || equals_ignoring_case(name, "x-gzip");
      coding = is_gzip && coding == Coding::kIdentity ? Coding::kGzip : Coding::kOther;
    });
  }
  return coding;
}

std::string_view reason_phrase(int status) {
  switch (status) {
    case 200:
      return "OK";
    case 400:
      return "Bad Request";
    case 403:
      return "Forbidden";
    case 404:
      return "Not Found";
    case 413:
      return "Payload Too Large";
    case 415:
      return "Unsupported Media Type";
    case 431:
      return "Request Header Fields Too Large";
    case 500:
      return "Internal Server Error";
    case 501:
      return "Not Implemented";
    case 503:
      return "Service Unavailable";
    default:
      return "Unknown";
  }
}

HttpResponse plain_response(int status, std::string text, bool closes) {
  HttpResponse response;
  response.status = status;
  if (!text.empty()) response.content_type = "text/plain; charset=utf-8";
  response.body = std::move(text);
  response.closes = closes;
  return response;
}

}  // namespace millrace::net
