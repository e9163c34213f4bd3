#include "aws/sigv4.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <list>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "api/errors.h"
#include "base/error.h"
#include "base/try.h"
#include "net/http.h"
#include "net/uri.h"

namespace millrace::aws {
namespace {

// In an Authorization header.
constexpr std::array<std::string_view, 3> kSaid = {"Credential", "Signature", "SignedHeaders"};

// Signature Version 4a.
constexpr std::string_view kAsymmetric = "AWS4-ECDSA-P256-SHA256";

// The last element of a scope.
constexpr std::string_view kScopeEnd = "aws4_request";

// What a request says of its signature: few enough to be looked through.
class Parameters {
 public:
  Parameters() = default;
  Parameters(const Parameters&) = delete;
  Parameters& operator=(const Parameters&) = delete;
  Parameters(Parameters&&) = default;
  Parameters& operator=(Parameters&&) = default;
  ~Parameters() = default;

  void reserve(std::size_t count) { entries_.reserve(count); }
  // Keeps the views. The first of a name counts.
  void add(std::string_view name, std::string_view value) { entries_.emplace_back(name, value); }
  void add_owned(std::string name, std::string value) {
    const std::string& kept_name = owned_.emplace_back(std::move(name));
    add(kept_name, owned_.emplace_back(std::move(value)));
  }
  [[nodiscard]] const std::string_view* find(std::string_view name) const {
    const auto found = std::ranges::find(entries_, name, &Entry::first);
    return found == entries_.end() ? nullptr : &found->second;
  }
  [[nodiscard]] std::string text(std::string_view name) const {
    const std::string_view* found = find(name);
    return found != nullptr ? std::string(*found) : std::string{};
  }

 private:
  using Entry = std::pair<std::string_view, std::string_view>;
  std::vector<Entry> entries_;
  std::list<std::string> owned_;  // Strings stay where they are when this is moved.
};

// As in a form: '+' is a blank.
std::string form_decoded(std::string_view text) {
  std::string plain(text);
  std::ranges::replace(plain, '+', ' ');
  return net::percent_decoded(plain);
}

Parameters parse_query(std::string_view query) {
  Parameters parameters;
  net::split(query, "&", [&](std::string_view part) {
    const std::size_t equals = part.find('=');
    const std::string_view value =
        equals == std::string_view::npos ? std::string_view{} : part.substr(equals + 1);
    parameters.add_owned(form_decoded(part.substr(0, equals)), form_decoded(value));
  });
  return parameters;
}

// `Scheme Key=value, Key=value`, as loosely as the service reads it.
Parameters parse_authorization(std::string_view header) {
  Parameters parameters;
  parameters.reserve(2 * kSaid.size());  // The two separators stand side by side.
  bool is_first = true;
  net::split(header, ", ", [&](std::string_view part) {
    if (is_first) {
      is_first = false;
      return;
    }
    if (part.empty()) return;
    const std::size_t equals = part.find('=');
    const std::string_view value =
        equals == std::string_view::npos ? std::string_view{} : part.substr(equals + 1);
    parameters.add(part.substr(0, equals), value.substr(0, value.find('=')));
  });
  return parameters;
}

Credential parse_scope(std::string_view scope) {
  std::array<std::string_view, 3> parts;
  std::size_t count = 0;
  net::split(scope, "/", [&](std::string_view part) {
    if (count < parts.size()) parts[count++] = part;
  });
  return {std::string(parts[0]), std::string(parts[2]), ""};
}

// The algorithm in an Authorization header.
std::string_view algorithm_of(std::string_view header) {
  return header.substr(0, header.find_first_of(", "));
}

// The region of a request signed by Signature Version 4a, which is valid in a set of regions: the
// only one of the set; empty if there are several or patterns.
std::string only_region(std::string_view region_set) {
  const std::string_view region = net::trimmed(region_set);
  const bool is_one = region.find_first_of(",* ") == std::string_view::npos;
  return is_one ? std::string(region) : std::string{};
}

// What a request says of its signature, by the names of the form it has.
struct Said {
  Parameters parameters;
  bool is_presigned = false;
};

Result<Said> from_header(const net::HttpRequest& request, std::string_view header) {
  Parameters parameters = parse_authorization(header);
  std::string missing;
  for (const std::string_view name : kSaid) {
    const std::string_view* found = parameters.find(name);
    if (found != nullptr && !found->empty()) continue;
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
    const std::string_view* found = parameters.find(name);
    if (found != nullptr && !found->empty()) continue;
    missing += "AWS query-string parameters must include '" + std::string(name) + "'. ";
  }
  if (!missing.empty()) {
    return fail(api::kIncompleteSignature, missing + "Re-examine the query-string parameters.");
  }
  return Said{std::move(parameters), true};
}

Result<Said> read_signature(const net::HttpRequest& request) {
  const auto header = request.header("authorization");
  if (request.query.empty() && header) return from_header(request, *header);
  Parameters query = parse_query(request.query);
  const bool has_query = query.find("X-Amz-Algorithm") != nullptr;
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

std::string signed_service(const net::HttpRequest& request) {
  const auto said = read_signature(request);
  if (!said) return {};
  const std::string scope =
      said->parameters.text(said->is_presigned ? "X-Amz-Credential" : "Credential");
  std::vector<std::string_view> parts;
  net::split(scope, "/", [&](std::string_view part) { parts.push_back(part); });
  // Signature Version 4a has no region there.
  const bool is_scope = (parts.size() == 4 || parts.size() == 5) && parts.back() == kScopeEnd;
  return is_scope ? std::string(parts[parts.size() - 2]) : std::string{};
}

Result<Credential> parse_credential(const net::HttpRequest& request) {
  const auto said = TRY(read_signature(request));
  const Parameters& parameters = said.parameters;
  Credential credential =
      parse_scope(*parameters.find(said.is_presigned ? "X-Amz-Credential" : "Credential"));
  const std::string_view algorithm =
      said.is_presigned ? *parameters.find("X-Amz-Algorithm")
                        : algorithm_of(request.header("authorization").value_or(""));
  if (algorithm == kAsymmetric) {
    // Its scope is `key id/date/service/aws4_request`.
    credential.region = only_region(
        said.is_presigned ? parameters.text("X-Amz-Region-Set")
                          : std::string(request.header("x-amz-region-set").value_or("")));
  }
  credential.session_token = session_token(request);
  return credential;
}

std::string session_token(const net::HttpRequest& request) {
  const auto header = request.header("x-amz-security-token");
  return header ? std::string(*header) : net::form_value(request.query, "X-Amz-Security-Token");
}

bool is_signature_error(std::string_view error) {
  // The Query protocol has names of its own.
  constexpr std::array<std::string_view, 9> kNames = {api::kInvalidSignature.name,
                                                      api::kMissingAuthenticationToken.name,
                                                      api::kIncompleteSignature.name,
                                                      api::kUnrecognizedClient.name,
                                                      api::kExpiredToken.name,
                                                      "SignatureDoesNotMatch",
                                                      "MissingAuthenticationToken",
                                                      "InvalidClientTokenId",
                                                      "ExpiredToken"};
  return std::ranges::find(kNames, error) != kNames.end();
}

Result<SignatureClaim> parse_claim(const net::HttpRequest& request) {
  const auto said = TRY(read_signature(request));
  const Parameters& parameters = said.parameters;
  SignatureClaim claim;
  claim.is_presigned = said.is_presigned;
  const std::string prefix = claim.is_presigned ? "X-Amz-" : "";
  claim.credential = parameters.text(prefix + "Credential");
  claim.signed_headers = parameters.text(prefix + "SignedHeaders");
  claim.signature = parameters.text(prefix + "Signature");
  if (claim.is_presigned) {
    claim.algorithm = parameters.text("X-Amz-Algorithm");
    claim.date = parameters.text("X-Amz-Date");
    if (const std::string_view* expires = parameters.find("X-Amz-Expires"))
      claim.expires = *expires;
  } else {
    const std::string_view header = request.header("authorization").value_or("");
    claim.algorithm = algorithm_of(header);
    claim.date =
        request.header("x-amz-date").or_else([&] { return request.header("date"); }).value();
  }
  return claim;
}

}  // namespace millrace::aws
