#include "server/http1_head.h"

#include <array>
#include <cstddef>
#include <ctime>
#include <string>
#include <string_view>

#include "server/http.h"

namespace millrace::server {
namespace {

void append_header(std::string& head, std::string_view name, std::string_view value) {
  head += name;
  head += ": ";
  head += value;
  head += "\r\n";
}

}  // namespace

// Formatted once a second.
std::string_view http_date() {
  thread_local std::time_t last = 0;
  thread_local std::array<char, 40> text{};
  thread_local std::size_t length = 0;
  const std::time_t now = std::time(nullptr);
  if (now != last) {
    std::tm parts{};
    ::gmtime_r(&now, &parts);
    length = std::strftime(text.data(), text.size(), "%a, %d %b %Y %H:%M:%S GMT", &parts);
    last = now;
  }
  return {text.data(), length};
}

void write_head(std::string& head, const HttpResponse& response, Framing framing, bool is_last) {
  head.clear();
  head += "HTTP/1.1 ";
  head += std::to_string(response.status);
  head += ' ';
  head += reason_phrase(response.status);
  head += "\r\n";
  for (const auto& [name, value] : response.headers) append_header(head, name, value);
  if (!response.content_type.empty()) append_header(head, "Content-Type", response.content_type);
  if (framing == Framing::kLength) {
    append_header(head, "Content-Length", std::to_string(response.body.size()));
  } else if (framing == Framing::kChunked) {
    append_header(head, "Transfer-Encoding", "chunked");
  }
  append_header(head, "Date", http_date());
  if (is_last) append_header(head, "Connection", "close");
  head += "\r\n";
}

bool is_http1_line(std::string_view line) {
  const std::size_t last_blank = line.rfind(' ');
  return last_blank != std::string_view::npos && line.substr(last_blank + 1).starts_with("HTTP/1.");
}

bool has_folded_line(std::string_view head) {
  head = head.substr(0, head.find("\r\n\r\n"));
  return head.find("\r\n ") != std::string_view::npos ||
         head.find("\r\n\t") != std::string_view::npos;
}

}  // namespace millrace::server
