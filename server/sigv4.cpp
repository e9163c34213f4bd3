#include "server/sigv4.h"

#include <array>
#include <cctype>
#include <cstddef>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "api/errors.h"
#include "base/error.h"
#include "server/http.h"

namespace millrace::server {
namespace {

using Parameters = std::map<std::string, std::string, std::less<>>;

// Decodes %XX and '+'; what is no escape stays as it is.
std::string url_decoded(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool is_escape = text[i] == '%' && i + 2 < text.size() &&
                           std::isxdigit(static_cast<unsigned char>(text[i + 1])) != 0 &&
                           std::isxdigit(static_cast<unsigned char>(text[i + 2])) != 0;
    if (is_escape) {
      out.push_back(static_cast<char>(std::stoi(std::string(text.substr(i + 1, 2)), nullptr, 16)));
      i += 2;
    } else {
      out.push_back(text[i] == '+' ? ' ' : text[i]);
    }
  }
  return out;
}

template <class Take>
void split(std::string_view text, std::string_view separators, Take take) {
  while (true) {
    const std::size_t end = text.find_first_of(separators);
    take(text.substr(0, end));
    if (end == std::string_view::npos) return;
    text.remove_prefix(end + 1);
  }
}

Parameters parse_query(std::string_view query) {
  Parameters parameters;
  split(query, "&", [&](std::string_view part) {
    const std::size_t equals = part.find('=');
    const std::string_view value =
        equals == std::string_view::npos ? std::string_view{} : part.substr(equals + 1);
    parameters.emplace(url_decoded(part.substr(0, equals)), url_decoded(value));
  });
  return parameters;
}

// `Scheme Key=value, Key=value`, as loosely as the service reads it.
Parameters parse_authorization(std::string_view header) {
  Parameters parameters;
  bool is_first = true;
  split(header, ", ", [&](std::string_view part) {
    if (is_first) {
      is_first = false;
      return;
    }
    if (part.empty()) return;
    const std::size_t equals = part.find('=');
    const std::string_view value =
        equals == std::string_view::npos ? std::string_view{} : part.substr(equals + 1);
    parameters.emplace(part.substr(0, equals), value.substr(0, value.find('=')));
  });
  return parameters;
}

Credential parse_scope(std::string_view scope) {
  std::array<std::string, 3> parts;
  std::size_t count = 0;
  split(scope, "/", [&](std::string_view part) {
    if (count < parts.size()) parts[count++] = part;
  });
  return {parts[0], parts[2]};
}

Result<Credential> from_header(const HttpRequest& request, std::string_view header) {
  const Parameters parameters = parse_authorization(header);
  std::string missing;
  for (const std::string_view name : {"Credential", "Signature", "SignedHeaders"}) {
    const auto found = parameters.find(name);
    if (found != parameters.end() && !found->second.empty()) continue;
    missing += "Authorization header requires '" + std::string(name) + "' parameter. ";
  }
  if (!request.header("x-amz-date") && !request.header("date")) {
    missing +=
        "Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header. ";
  }
  if (!missing.empty()) {
    return fail(api::kIncompleteSignature, missing + "Authorization=" + std::string(header));
  }
  return parse_scope(parameters.find("Credential")->second);
}

Result<Credential> from_query(const Parameters& parameters) {
  std::string missing;
  for (const std::string_view name : {"X-Amz-Algorithm", "X-Amz-Credential", "X-Amz-Signature",
                                      "X-Amz-SignedHeaders", "X-Amz-Date"}) {
    const auto found = parameters.find(name);
    if (found != parameters.end() && !found->second.empty()) continue;
    missing += "AWS query-string parameters must include '" + std::string(name) + "'. ";
  }
  if (!missing.empty()) {
    return fail(api::kIncompleteSignature, missing + "Re-examine the query-string parameters.");
  }
  return parse_scope(parameters.find("X-Amz-Credential")->second);
}

}  // namespace

Result<Credential> parse_credential(const HttpRequest& request) {
  const auto header = request.header("authorization");
  if (request.query.empty() && header) return from_header(request, *header);
  const Parameters query = parse_query(request.query);
  const bool has_query = query.contains("X-Amz-Algorithm");
  if (header && has_query) {
    return fail(api::kInvalidSignature,
                "Found both 'X-Amz-Algorithm' as a query-string param and 'Authorization' as HTTP "
                "header.");
  }
  if (header) return from_header(request, *header);
  if (has_query) return from_query(query);
  return fail(api::kMissingAuthenticationToken, "Missing Authentication Token");
}

}  // namespace millrace::server
