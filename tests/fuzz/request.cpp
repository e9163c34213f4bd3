// A request as it is understood: the front door, targets, credentials, signatures.

#include <array>
#include <cstddef>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "aws/access_keys.h"
#include "aws/protocol.h"
#include "aws/sigv4.h"
#include "aws/sigv4_verify.h"
#include "base/bytes.h"
#include "base/digest.h"
#include "base/random.h"
#include "base/sealer.h"
#include "base/time_point.h"
#include "base/wall_clock.h"
#include "net/connection.h"
#include "net/http.h"
#include "server/front_door.h"
#include "server/router.h"
#include "tests/fuzz/fuzz.h"

namespace millrace::fuzz {
namespace {

std::string_view take_line(std::string_view& text) {
  const std::size_t end = text.find('\n');
  const std::string_view line = text.substr(0, end);
  text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  return line;
}

constexpr std::size_t kBodyBytesMax = 1UL << 20U;
constexpr std::string_view kTime = "20150830T123600Z";
constexpr std::string_view kKeyId = "AKIDEXAMPLE";
constexpr std::string_view kSecret = "secret";
constexpr std::string_view kScope = "20150830/us-east-1/kinesis/aws4_request";
constexpr std::array<std::string_view, 4> kSigned = {"content-type", "host", "x-amz-date",
                                                     "x-amz-target"};

// The request, signed as a client would: it is taken, and not with another body.
void check_signing(net::HttpRequest request, const aws::SignatureCheck& check) {
  // These say by themselves what is signed.
  std::erase_if(request.headers, [](const net::Header& header) {
    return net::equals_ignoring_case(header.name, "authorization") ||
           net::equals_ignoring_case(header.name, "x-amz-date") ||
           net::equals_ignoring_case(header.name, "x-amz-content-sha256");
  });
  request.headers.push_back({"X-Amz-Date", kTime});
  const std::vector<std::string> names(kSigned.begin(), kSigned.end());
  const std::string text = aws::string_to_sign(
      kTime, kScope, aws::canonical_request(request, names, to_hex(sha256(request.body))));
  std::string authorization = "AWS4-HMAC-SHA256 Credential=";
  authorization.append(kKeyId).append("/").append(kScope);
  authorization.append(", SignedHeaders=content-type;host;x-amz-date;x-amz-target, Signature=");
  authorization += aws::signature(kSecret, kScope, text);
  request.headers.push_back({"Authorization", authorization});
  // A query that says it is signed too is refused before.
  if (!aws::parse_claim(request)) return;
  require(aws::verify_signature(request, "kinesis", check).has_value());
  require(!aws::verify_signature(request, "sts", check).has_value());
  const std::string longer = std::string(request.body) + "x";
  request.body = longer;
  require(!aws::verify_signature(request, "kinesis", check).has_value());
}

// What a request says of its signature is the same whichever part is asked for.
void check_claim(const net::HttpRequest& request) {
  const auto credential = aws::parse_credential(request);
  const auto claim = aws::parse_claim(request);
  require(credential.has_value() == claim.has_value());
  if (!claim) {
    require(credential.error().code == claim.error().code);
    return;
  }
  require(claim->credential.starts_with(credential->access_key_id));
  require(!claim->signature.empty() && !claim->signed_headers.empty());
}

}  // namespace

void run(std::string_view input) {
  use(net::detect_transport(input));
  net::HttpRequest request;
  request.method = "POST";
  request.path = "/";
  request.query = take_line(input);
  for (std::string_view line = take_line(input); !line.empty(); line = take_line(input)) {
    const std::size_t colon = line.find(':');
    if (colon == std::string_view::npos) continue;
    request.headers.push_back({line.substr(0, colon), net::trimmed(line.substr(colon + 1))});
  }
  request.body = input;
  check_claim(request);
  const ManualWallClock clock(wall_from_millis(1'440'938'160'000));  // kTime
  SeededRandom random(1);
  const Sealer sealer(SealKey{1}, random);
  const aws::SignatureCheck check{{{std::string(kKeyId), {std::string(kSecret)}}}, clock, sealer};
  check_signing(request, check);
  const server::FrontDoor door({"allowed.example"}, {"https://allowed.example"});
  if (door.refuse(request)) return;
  net::HttpResponse response;
  door.add_headers(request, response);
  const auto routed = server::route(request, kBodyBytesMax, "id");
  const auto* route = std::get_if<server::Route>(&routed);
  if (route == nullptr) {
    require(std::get<server::NoRoute>(routed).answer.http.status >= 400);
    return;
  }
  for (const auto* signature_check : {static_cast<const aws::SignatureCheck*>(nullptr), &check}) {
    aws::Reading reading{request, route->unpacked, signature_check, "id"};
    const auto read = route->protocol->read(*route->service, reading);
    if (const auto* refused = std::get_if<aws::Answer>(&read)) {
      require(refused->http.status >= 400);
    }
  }
}

}  // namespace millrace::fuzz
