// An HTTP/1 connection against a second reading of the same bytes: what the server takes for a
// request is one beyond doubt and means the same, so that no program before it can be led to see
// other requests than it does. Nothing hangs, and how the bytes are cut changes nothing.

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "aws/event_stream.h"
#include "net/connection.h"
#include "net/http.h"
#include "net/limits.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/http1_reference.h"
#include "tests/fuzz/pieces.h"
#include "tests/fuzz/served.h"

namespace millrace::fuzz {
namespace {

constexpr std::size_t kUnitsMax = 2000;  // New servers after so many, whatever they were asked.

// Servers that were all asked the same.
struct Servers {
  const net::Limits limits = small_limits();
  Served whole{limits};
  Served in_pieces{limits};
  Served reference{limits};
  std::size_t units = 0;
};

std::vector<ReferenceRequest> read_requests(std::string_view input) {
  std::vector<ReferenceRequest> requests;
  while (auto request = take_request(input)) {
    requests.push_back(std::move(*request));
    if (requests.back().is_last) break;
  }
  return requests;
}

// Of the session itself: the request never got any further.
bool is_refusal(const ReferenceAnswer& answer) {
  const bool is_status =
      answer.status == 400 || answer.status == 413 || answer.status == 431 || answer.status == 503;
  return is_status && answer.field("connection") == "close" && !answer.field("x-amzn-requestid");
}

// The answers, without those that only ask to go on. Each of them is well-formed.
std::vector<ReferenceAnswer> read_answers(std::string_view output,
                                          const std::vector<ReferenceRequest>& requests) {
  std::vector<ReferenceAnswer> answers;
  while (!output.empty()) {
    const std::size_t index = answers.size();
    const bool is_head = index < requests.size() && requests[index].method == "HEAD";
    auto answer = take_answer(output, !is_head);
    require(answer.has_value());
    if (answer->status < 200) {
      require(answer->status == 100);
      continue;
    }
    // It has a body whatever the method, which may not even be known.
    if (is_head && is_refusal(*answer)) output = {};
    require(output.empty() || answer->field("connection").value_or("keep-alive") == "keep-alive");
    answers.push_back(std::move(*answer));
  }
  return answers;
}

// What a body holds depends on more than the requests: on how soon events are drawn, and on time.
bool is_timed(const ReferenceAnswer& answer) {
  const std::string type = answer.field("content-type").value_or("");
  return type == aws::kEventStreamType || type.starts_with("text/plain; version");
}

struct AbsoluteTarget {
  std::string_view authority;
  std::string_view path;
};

std::optional<AbsoluteTarget> absolute_target(std::string_view target) {
  constexpr std::string_view kSchemeCharacters =
      "+-.0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
  const std::size_t scheme = target.find_first_not_of(kSchemeCharacters);
  if (scheme == 0 || scheme == std::string_view::npos) return std::nullopt;
  if (!target.substr(scheme).starts_with("://")) return std::nullopt;
  const std::string_view rest = target.substr(scheme + 3, target.find('?') - scheme - 3);
  const std::size_t slash = rest.find('/');
  return AbsoluteTarget{rest.substr(0, slash),
                        slash == std::string_view::npos ? "/" : rest.substr(slash)};
}

net::HttpRequest to_server_request(const ReferenceRequest& request) {
  net::HttpRequest converted;
  converted.method = request.method;
  const std::string_view target = request.target;
  const std::size_t mark = target.find('?');
  converted.path = target.substr(0, mark);
  if (mark != std::string_view::npos) converted.query = target.substr(mark + 1);
  for (const Field& field : request.fields) converted.headers.push_back({field.name, field.value});
  // RFC 9112 §3.2.2: the authority of an absolute target takes the place of Host.
  if (const auto whole = absolute_target(target)) {
    converted.path = whole->path;
    std::erase_if(converted.headers, [](const net::Header& header) {
      return net::equals_ignoring_case(header.name, "host");
    });
    converted.headers.push_back({"Host", whole->authority});
  }
  converted.body = request.body;
  return converted;
}

void require_same(const ReferenceAnswer& answer, const net::HttpResponse& expected,
                  const ReferenceRequest& request) {
  require(answer.status == expected.status);
  require(answer.field("content-type").value_or("") == expected.content_type);
  for (const auto& header : expected.headers) require(answer.field(header.name) == header.value);
  require(answer.is_whole || expected.source);
  if (is_timed(answer)) return;
  if (request.method == "HEAD") {
    require(answer.field("content-length") == std::to_string(expected.body.size()));
  } else {
    require(answer.body == expected.body);
  }
}

void check_limits(const ReferenceRequest& request, const net::Limits& limits) {
  require(request.head_bytes <= limits.header_bytes_max);
  require(request.fields.size() <= limits.header_count_max);
  require(request.body.size() <= limits.body_bytes_max);
}

void compare(const std::vector<ReferenceAnswer>& a, const std::vector<ReferenceAnswer>& b) {
  require(a.size() == b.size());
  for (std::size_t i = 0; i < a.size(); ++i) {
    require(a[i].status == b[i].status);
    require(a[i].field("content-type") == b[i].field("content-type"));
    require(a[i].field("x-amzn-requestid") == b[i].field("x-amzn-requestid"));
    if (!is_timed(a[i])) require(a[i].body == b[i].body);
  }
}

}  // namespace

void run(std::string_view input) {
  // Another protocol's bytes have another target.
  if (net::detect_transport(input) != net::Transport::kHttp1) return;
  static auto servers = std::make_unique<Servers>();
  const auto requests = read_requests(input);
  const auto answers = read_answers(servers->whole.talk({input}), requests);
  compare(answers, read_answers(servers->in_pieces.talk(cut(input)), requests));
  bool may_have_changed = ++servers->units >= kUnitsMax;
  servers->reference.begin_connection();
  for (std::size_t i = 0; i < answers.size(); ++i) {
    if (is_refusal(answers[i])) break;
    require(i < requests.size());
    check_limits(requests[i], servers->limits);
    const net::HttpRequest request = to_server_request(requests[i]);
    require_same(answers[i], servers->reference.answer(request), requests[i]);
    require(!requests[i].is_last || answers[i].field("connection") == "close");
    may_have_changed = may_have_changed || answers[i].status == 200;
  }
  if (answers.size() < requests.size()) {
    require(!answers.empty() && answers.back().field("connection") == "close");
  }
  if (may_have_changed) servers = std::make_unique<Servers>();
}

}  // namespace millrace::fuzz
