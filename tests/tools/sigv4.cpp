// Signs a request again, for comparison with published vectors: reads a signed request on stdin and
// prints one step of its signature, made with the headers, the scope and the date it names.

#include "aws/sigv4.h"

#include <cstddef>
#include <iostream>
#include <iterator>
#include <string>
#include <string_view>
#include <vector>

#include "aws/sigv4_verify.h"
#include "base/bytes.h"
#include "base/digest.h"
#include "net/http.h"

namespace {

using millrace::aws::SignatureClaim;
using millrace::net::HttpRequest;

// A request with its text, into which it looks.
struct Received {
  std::vector<std::string> lines;
  std::string body;
  HttpRequest request;
};

// Reads more than the server takes: targets with blanks, folded lines, lines without CR.
void read_head(std::istream& in, std::vector<std::string>& lines) {
  for (std::string line; std::getline(in, line);) {
    if (line.ends_with('\r')) line.pop_back();
    if (line.empty()) return;
    const bool is_folded = !lines.empty() && (line.front() == ' ' || line.front() == '\t');
    if (is_folded) {
      lines.back() += line;
    } else {
      lines.push_back(line);
    }
  }
}

void understand(Received& received) {
  HttpRequest& request = received.request;
  const std::string_view line = received.lines.front();
  const std::size_t blank = line.find(' ');
  const std::string_view target = line.substr(blank + 1, line.rfind(' ') - blank - 1);
  const std::size_t mark = target.find('?');
  request.method = line.substr(0, blank);
  request.path = target.substr(0, mark);
  if (mark != std::string_view::npos) request.query = target.substr(mark + 1);
  for (std::size_t i = 1; i < received.lines.size(); ++i) {
    const std::string_view field = received.lines[i];
    const std::size_t colon = field.find(':');
    if (colon == std::string_view::npos) continue;
    request.headers.push_back(
        {field.substr(0, colon), millrace::net::trimmed(field.substr(colon + 1))});
  }
  request.body = received.body;
}

std::string step_of(std::string_view step, std::string_view secret, const HttpRequest& request,
                    const SignatureClaim& claim) {
  using namespace millrace;
  std::string canonical = aws::canonical_request(request, aws::signed_names(claim.signed_headers),
                                                 to_hex(sha256(request.body)));
  if (step == "canonical-request") return canonical;
  const std::string scope = claim.credential.substr(claim.credential.find('/') + 1);
  std::string text = aws::string_to_sign(claim.date, scope, canonical);
  if (step == "string-to-sign") return text;
  return claim.algorithm + " Credential=" + claim.credential +
         ", SignedHeaders=" + claim.signed_headers +
         ", Signature=" + aws::signature(secret, scope, text);
}

}  // namespace

int main(int argc, char** argv) {
  Received received;
  if (argc == 3) read_head(std::cin, received.lines);
  if (received.lines.empty()) {
    std::cerr << "usage: sigv4 canonical-request|string-to-sign|authorization SECRET <REQUEST\n";
    return 2;
  }
  received.body.assign(std::istreambuf_iterator<char>(std::cin), {});
  understand(received);
  const auto claim = millrace::aws::parse_claim(received.request);
  if (!claim) {
    std::cerr << claim.error().message << "\n";
    return 1;
  }
  std::cout << step_of(argv[1], argv[2], received.request, *claim);
  return 0;
}
