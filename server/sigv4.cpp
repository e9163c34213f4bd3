#include "server/sigv4.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "api/errors.h"
#include "base/error.h"
#include "server/http.h"
#include "server/uri.h"

namespace millrace::server {
namespace {

using Parameters = std::map<std::string, std::string, std::less<>>;

// As in a form: '+' is a blank.
std::string form_decoded(std::string_view text) {
  std::string plain(text);
  std::ranges::replace(plain, '+', ' ');
  return percent_decoded(plain);
}

Parameters parse_query(std::string_view query) {
  Parameters parameters;
  split(query, "&", [&](std::string_view part) {
    const std::size_t equals = part.find('=');
    const std::string_view value =
        equals == std::string_view::npos ? std::string_view{} : part.substr(equals + 1);
    parameters.emplace(form_decoded(part.substr(0, equals)), form_decoded(value));
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

// What a request says of its signature, by the names of the form it has.
struct Said {
  Parameters parameters;
  bool is_presigned = false;
};

Result<Said> from_header(const HttpRequest& request, std::string_view header) {
  Parameters parameters = parse_authorization(header);
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
  return Said{std::move(parameters), false};
}

Result<Said> from_query(Parameters parameters) {
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
  return Said{std::move(parameters), true};
}

Result<Said> read_signature(const HttpRequest& request) {
  const auto header = request.header("authorization");
  if (request.query.empty() && header) return from_header(request, *header);
  Parameters query = parse_query(request.query);
  const bool has_query = query.contains("X-Amz-Algorithm");
  if (header && has_query) {
    return fail(api::kInvalidSignature,
                "Found both 'X-Amz-Algorithm' as a query-string param and 'Authorization' as HTTP "
                "header.");
  }
  if (header) return from_header(request, *header);
  if (has_query) return from_query(std::move(query));
  return fail(api::kMissingAuthenticationToken, "Missing Authentication Token");
}

}  // namespace

Result<Credential> parse_credential(const HttpRequest& request) {
  const auto said = read_signature(request);
  if (!said) return std::unexpected(said.error());
  const char* name = said->is_presigned ? "X-Amz-Credential" : "Credential";
  return parse_scope(said->parameters.find(name)->second);
}

Result<SignatureClaim> parse_claim(const HttpRequest& request) {
  auto said = read_signature(request);
  if (!said) return std::unexpected(said.error());
  Parameters& parameters = said->parameters;
  SignatureClaim claim;
  claim.is_presigned = said->is_presigned;
  const std::string prefix = claim.is_presigned ? "X-Amz-" : "";
  claim.credential = std::move(parameters[prefix + "Credential"]);
  claim.signed_headers = std::move(parameters[prefix + "SignedHeaders"]);
  claim.signature = std::move(parameters[prefix + "Signature"]);
  if (claim.is_presigned) {
    claim.algorithm = std::move(parameters["X-Amz-Algorithm"]);
    claim.date = std::move(parameters["X-Amz-Date"]);
    const auto expires = parameters.find("X-Amz-Expires");
    if (expires != parameters.end()) claim.expires = std::move(expires->second);
  } else {
    const std::string_view header = request.header("authorization").value_or("");
    claim.algorithm = header.substr(0, header.find_first_of(", "));
    claim.date =
        request.header("x-amz-date").or_else([&] { return request.header("date"); }).value();
  }
  return claim;
}

}  // namespace millrace::server
