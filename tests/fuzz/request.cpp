// The head of a request as it is understood: the front door, targets, credentials.

#include <string_view>
#include <variant>

#include "base/clock.h"
#include "server/connection.h"
#include "server/front_door.h"
#include "server/http.h"
#include "server/protocol.h"
#include "tests/fuzz/fuzz.h"

namespace millrace::fuzz {
namespace {

std::string_view take_line(std::string_view& text) {
  const std::size_t end = text.find('\n');
  const std::string_view line = text.substr(0, end);
  text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  return line;
}

}  // namespace

void run(std::string_view input) {
  use(server::detect_transport(input));
  server::HttpRequest request;
  request.method = "POST";
  request.path = "/";
  request.query = take_line(input);
  for (std::string_view line = take_line(input); !line.empty(); line = take_line(input)) {
    const std::size_t colon = line.find(':');
    if (colon == std::string_view::npos) continue;
    request.headers.push_back({line.substr(0, colon), server::trimmed(line.substr(colon + 1))});
  }
  request.body = input;
  const server::FrontDoor door({"allowed.example"}, {"https://allowed.example"});
  if (door.refuse(request)) return;
  server::HttpResponse response;
  door.add_headers(request, response);
  const ManualClock clock(time_from_millis(1'440'938'160'000));  // 20150830T123600Z
  const server::SignatureCheck check{{{"AKIDEXAMPLE", "secret"}}, clock};
  for (const auto* signature_check :
       {static_cast<const server::SignatureCheck*>(nullptr), &check}) {
    const auto call = server::read_call(request, signature_check);
    if (const auto* refused = std::get_if<server::HttpResponse>(&call)) {
      require(refused->status >= 400);
    }
  }
}

}  // namespace millrace::fuzz
