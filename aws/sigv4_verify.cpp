#include "aws/sigv4_verify.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include <time.h>

#include "api/errors.h"
#include "api/session_keys.h"
#include "aws/access_keys.h"
#include "aws/sigv4.h"
#include "base/bytes.h"
#include "base/digest.h"
#include "base/error.h"
#include "base/time_point.h"
#include "base/try.h"
#include "net/http.h"
#include "net/uri.h"

namespace millrace::aws {
namespace {

constexpr std::string_view kTerminator = "aws4_request";
constexpr const char* kBasicTime = "%Y%m%dT%H%M%SZ";
constexpr const char* kHttpTime = "%a, %d %b %Y %H:%M:%S GMT";

// key id/date/region/service/terminator
constexpr std::size_t kCredentialParts = 5;
using CredentialParts = std::array<std::string_view, kCredentialParts>;

std::string lower_case(std::string_view text) {
  std::string out(text);
  std::ranges::transform(out, out.begin(),
                         [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return out;
}

// The path without empty, `.` and `..` segments. It is encoded as it came, so that what the client
// has encoded is encoded twice, as all services but S3 have it.
std::string canonical_path(std::string_view path) {
  std::vector<std::string_view> segments;
  net::split(path, "/", [&](std::string_view segment) {
    if (segment.empty() || segment == ".") return;
    if (segment != "..") {
      segments.push_back(segment);
    } else if (!segments.empty()) {
      segments.pop_back();
    }
  });
  std::string out;
  for (const std::string_view segment : segments) out += "/" + net::percent_encoded(segment);
  if (out.empty() || path.ends_with('/')) out += '/';
  return out;
}

// Sorted by encoded name, then value, without the signature itself. A '+' is a plus.
std::string canonical_query(std::string_view query) {
  const auto encoded = [](std::string_view text) {
    return net::percent_encoded(net::percent_decoded(text));
  };
  std::vector<std::pair<std::string, std::string>> parameters;
  net::split(query, "&", [&](std::string_view part) {
    if (part.empty()) return;
    const std::size_t equals = part.find('=');
    const std::string_view value =
        equals == std::string_view::npos ? std::string_view{} : part.substr(equals + 1);
    std::string name = encoded(part.substr(0, equals));
    if (name != "X-Amz-Signature") parameters.emplace_back(std::move(name), encoded(value));
  });
  std::ranges::sort(parameters);
  std::string out;
  for (const auto& [name, value] : parameters) {
    if (!out.empty()) out += '&';
    out += name;
    out += '=';
    out += value;
  }
  return out;
}

// Without blanks around it, and one where there are several.
std::string canonical_value(std::string_view value) {
  std::string out;
  net::split(value, " \t", [&](std::string_view word) {
    if (word.empty()) return;
    if (!out.empty()) out += ' ';
    out += word;
  });
  return out;
}

// Values by lower-case name; those of headers that are there several times, in their order.
std::map<std::string, std::string, std::less<>> canonical_headers(const net::HttpRequest& request) {
  std::map<std::string, std::string, std::less<>> values;
  for (const net::Header& header : request.headers) {
    const auto [value, is_first] = values.try_emplace(lower_case(header.name));
    if (!is_first) value->second += ',';
    value->second += canonical_value(header.value);
  }
  return values;
}

std::string joined(const std::vector<std::string>& names) {
  std::string out;
  for (const std::string& name : names) {
    if (!out.empty()) out += ';';
    out += name;
  }
  return out;
}

std::string basic_time(WallTime time) {
  const ::time_t seconds = seconds_of(time);
  ::tm parts{};
  ::gmtime_r(&seconds, &parts);
  std::array<char, 32> text{};
  return {text.data(), ::strftime(text.data(), text.size(), kBasicTime, &parts)};
}

std::optional<WallTime> read_time(const std::string& text, const char* form) {
  ::tm parts{};
  const char* end = ::strptime(text.c_str(), form, &parts);
  if (end == nullptr || end != text.c_str() + text.size()) return std::nullopt;
  return wall_from_millis(static_cast<std::int64_t>(::timegm(&parts)) * 1000);
}

// Of X-Amz-Date, which has the basic form of ISO 8601, or of a Date header, which may have its own.
std::optional<WallTime> parse_time(const std::string& text) {
  const auto basic = read_time(text, kBasicTime);
  if (!basic) return read_time(text, kHttpTime);
  // Reading is lenient; what is written back is not.
  return basic_time(*basic) == text ? basic : std::nullopt;
}

std::string in_words(std::chrono::seconds duration) {
  const auto minutes = std::chrono::floor<std::chrono::minutes>(duration);
  return minutes == duration ? std::to_string(minutes.count()) + " min."
                             : std::to_string(duration.count()) + " sec.";
}

// How long after its date the request is good for.
Result<std::chrono::seconds> lifetime_of(const SignatureClaim& claim) {
  if (!claim.expires) return kSkewMax;
  const std::string& text = *claim.expires;
  std::int64_t seconds = 0;
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), seconds);
  const bool is_number = parsed.ec == std::errc{} && parsed.ptr == text.data() + text.size();
  if (!is_number || seconds < 1 || seconds > kExpiresMax.count()) {
    return fail(api::kInvalidSignature, "X-Amz-Expires must be a number of seconds from 1 to " +
                                            std::to_string(kExpiresMax.count()) + ".");
  }
  return std::chrono::seconds(seconds);
}

Result<void> check_time(const SignatureClaim& claim, WallTime signed_at, WallTime now) {
  const auto lifetime = TRY(lifetime_of(claim));
  const WallTime second = std::chrono::floor<std::chrono::seconds>(now);
  if (signed_at < second - lifetime) {
    return fail(api::kInvalidSignature, "Signature expired: " + basic_time(signed_at) +
                                            " is now earlier than " +
                                            basic_time(second - lifetime) + " (" +
                                            basic_time(second) + " - " + in_words(lifetime) + ")");
  }
  if (signed_at > second + kSkewMax) {
    return fail(api::kInvalidSignature, "Signature not yet current: " + basic_time(signed_at) +
                                            " is still later than " +
                                            basic_time(second + kSkewMax) + " (" +
                                            basic_time(second) + " + " + in_words(kSkewMax) + ")");
  }
  return {};
}

// What decides how a request is understood cannot be left out. A presigned request's content type
// can: the sender chooses it, and no body reads well in both forms.
Result<void> check_signed_names(const net::HttpRequest& request, const SignatureClaim& claim,
                                const std::vector<std::string>& names) {
  struct Wanted {
    std::string_view name;
    std::string_view in_words;
    bool is_wanted;
  };
  const auto has = [&](std::string_view name) { return request.header(name).has_value(); };
  std::string missing;
  for (const Wanted& header :
       {Wanted{"host", "'Host' or ':authority'", true},
        Wanted{"x-amz-target", "'X-Amz-Target'", has("x-amz-target")},
        Wanted{"content-type", "'Content-Type'", !claim.is_presigned && has("content-type")}}) {
    if (!header.is_wanted || std::ranges::binary_search(names, header.name)) continue;
    missing += (missing.empty() ? "" : " ") + std::string(header.in_words) +
               " must be a 'SignedHeader' in the AWS Authorization.";
  }
  if (!missing.empty()) return fail(api::kInvalidSignature, missing);
  return {};
}

Result<CredentialParts> parse_parts(std::string_view credential) {
  CredentialParts parts;
  std::size_t count = 0;
  net::split(credential, "/", [&](std::string_view part) {
    if (count < parts.size()) parts[count] = part;
    ++count;
  });
  if (count == parts.size()) return parts;
  return fail(api::kIncompleteSignature,
              "Credential must have exactly 5 slash-delimited elements, e.g. "
              "keyid/date/region/service/term, got '" +
                  std::string(credential) + "'");
}

Result<void> check_scope(const CredentialParts& parts, std::string_view wanted,
                         std::string_view timestamp) {
  const auto& [key_id, date, region, service, terminator] = parts;
  const std::string_view day = timestamp.substr(0, timestamp.find('T'));
  std::string wrong;
  if (region.empty()) wrong += "Credential should be scoped to a valid region, not ''. ";
  if (service != wanted) {
    wrong += "Credential should be scoped to correct service: '" + std::string(wanted) + "'. ";
  }
  if (terminator != kTerminator) {
    wrong += "Credential should be scoped with a valid terminator: '" + std::string(kTerminator) +
             "', not '" + std::string(terminator) + "'. ";
  }
  if (date != day) {
    wrong +=
        "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from "
        "HTTP: '" +
        std::string(date) + "' != '" + std::string(day) + "', from '" + std::string(timestamp) +
        "'. ";
  }
  if (!wrong.empty()) return fail(api::kInvalidSignature, wrong);
  return {};
}

// A client may say what it has hashed; UNSIGNED-PAYLOAD is not enough here.
Result<void> check_payload(const net::HttpRequest& request, std::string_view payload_hash) {
  const auto said = request.header("x-amz-content-sha256");
  if (!said || *said == payload_hash) return {};
  return fail(api::kInvalidSignature,
              "The provided 'x-amz-content-sha256' header does not match what was computed.");
}

// The secret of a key: one of the file's, or a temporary one whose session has not ended.
Result<std::string> find_secret(const net::HttpRequest& request, std::string_view key_id,
                                const SignatureCheck& check) {
  if (const auto key = check.keys.find(key_id); key != check.keys.end()) return key->second.secret;
  const auto session = api::session_of(check.sealer, key_id, session_token(request));
  if (!session) {
    return fail(api::kUnrecognizedClient, "The security token included in the request is invalid.");
  }
  if (session->ends_at <= check.clock.now()) {
    return fail(api::kExpiredToken, "The security token included in the request is expired");
  }
  return api::secret_of_key(check.sealer, key_id);
}

}  // namespace

std::vector<std::string> signed_names(std::string_view list) {
  std::vector<std::string> names;
  net::split(list, ";", [&](std::string_view name) {
    if (!name.empty()) names.push_back(lower_case(name));
  });
  std::ranges::sort(names);
  const auto repeated = std::ranges::unique(names);
  names.erase(repeated.begin(), repeated.end());
  return names;
}

std::string canonical_request(const net::HttpRequest& request,
                              const std::vector<std::string>& names,
                              std::string_view payload_hash) {
  std::string out(request.method);
  out += "\n" + canonical_path(request.path) + "\n" + canonical_query(request.query) + "\n";
  const auto values = canonical_headers(request);
  for (const std::string& name : names) {
    const auto value = values.find(name);
    out += name + ":" + (value == values.end() ? "" : value->second) + "\n";
  }
  out += "\n" + joined(names) + "\n";
  out += payload_hash;
  return out;
}

std::string string_to_sign(std::string_view timestamp, std::string_view scope,
                           std::string_view canonical_request) {
  std::string out(kSignatureAlgorithm);
  out += "\n" + std::string(timestamp) + "\n" + std::string(scope) + "\n";
  out += to_hex(sha256(canonical_request));
  return out;
}

std::string signature(std::string_view secret_access_key, std::string_view scope,
                      std::string_view string_to_sign) {
  std::string key = "AWS4" + std::string(secret_access_key);
  net::split(scope, "/", [&](std::string_view part) { key = hmac_sha256(key, part); });
  return to_hex(hmac_sha256(key, string_to_sign));
}

Result<void> verify_signature(const net::HttpRequest& request, std::string_view service,
                              const SignatureCheck& check) {
  const auto claim = TRY(parse_claim(request));
  const auto signed_at = parse_time(claim.date);
  if (!signed_at) {
    return fail(api::kIncompleteSignature, "Date must be in ISO-8601 'basic format'. Got '" +
                                               claim.date +
                                               "'. See http://en.wikipedia.org/wiki/ISO_8601");
  }
  TRY(check_time(claim, *signed_at, check.clock.now()));
  const std::vector<std::string> names = signed_names(claim.signed_headers);
  TRY(check_signed_names(request, claim, names));
  if (claim.algorithm != kSignatureAlgorithm) {
    return fail(api::kIncompleteSignature, "Unsupported AWS 'algorithm': '" + claim.algorithm +
                                               "' (only AWS4-HMAC-SHA256 for now). ");
  }
  const auto parts = TRY(parse_parts(claim.credential));
  const std::string timestamp = basic_time(*signed_at);
  TRY(check_scope(parts, service, timestamp));
  const auto secret = TRY(find_secret(request, parts.front(), check));
  const std::string payload_hash = to_hex(sha256(request.body));
  TRY(check_payload(request, payload_hash));
  const std::string_view scope =
      std::string_view(claim.credential).substr(parts.front().size() + 1);
  const std::string text =
      string_to_sign(timestamp, scope, canonical_request(request, names, payload_hash));
  if (equals_in_constant_time(signature(secret, scope, text), claim.signature)) return {};
  return fail(api::kInvalidSignature,
              "The request signature we calculated does not match the signature you provided. "
              "Check your AWS Secret Access Key and signing method. Consult the service "
              "documentation for details.");
}

}  // namespace millrace::aws
