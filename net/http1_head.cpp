#include "net/http1_head.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <cstddef>
#include <ctime>
#include <string>
#include <string_view>

#include "net/http.h"

namespace millrace::net {
namespace {

void append_header(std::string& head, std::string_view name, std::string_view value) {
  head += name;
  head += ": ";
  head += value;
  head += "\r\n";
}

bool is_number(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
}

// A name or an address, with or without a port (RFC 9110 §7.2).
bool is_host(std::string_view value) {
  std::string_view extra = "-._";
  if (value.starts_with('[')) {
    const std::size_t end = value.find(']');
    if (end == std::string_view::npos) return false;
    extra = ":.";
    const std::string_view port = value.substr(end + 1);
    if (!port.empty() && !(port.starts_with(':') && is_number(port.substr(1)))) return false;
    value = value.substr(1, end - 1);
  } else if (const std::size_t colon = value.find(':'); colon != std::string_view::npos) {
    if (!is_number(value.substr(colon + 1))) return false;
    value = value.substr(0, colon);
  }
  return !value.empty() && std::ranges::all_of(value, [extra](unsigned char c) {
    return std::isalnum(c) != 0 || extra.find(static_cast<char>(c)) != std::string_view::npos;
  });
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
  for (const AnswerHeader& header : response.headers)
    append_header(head, header.name, header.value);
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

std::string_view fault_of(const HttpRequest& head, unsigned version) {
  if (version != 11 && version != 10) return "Only HTTP/1.0 and HTTP/1.1 are spoken here.\n";
  const auto hosts = head.header_count("host");
  if (hosts > 1 || (hosts == 0 && version == 11)) return "A request has one Host header.\n";
  if (hosts == 1 && !is_host(*head.header("host"))) {
    return "The Host header is no name or address.\n";
  }
  const auto encodings = head.header_count("transfer-encoding");
  const auto lengths = head.header_count("content-length");
  if (encodings > 0 && lengths > 0) return "A body has a length or is chunked, not both.\n";
  if (encodings > 1 || lengths > 1) return "The length of a body is told once.\n";
  // RFC 9112 §6.1: a program of that age on the way would have taken the chunks for requests.
  if (encodings == 1 && version == 10) return "HTTP/1.0 knows no transfer encoding.\n";
  if (encodings == 1 && !equals_ignoring_case(*head.header("transfer-encoding"), "chunked")) {
    return "The only transfer encoding spoken here is chunked.\n";
  }
  // Beast takes a list of equal numbers.
  if (lengths == 1 && !is_number(*head.header("content-length"))) {
    return "The length of a body is one number.\n";
  }
  return {};
}

bool resolve_target(HttpRequest& head) {
  constexpr std::string_view kMark = "://";
  const std::string_view target = head.path;
  const std::size_t mark = target.find(kMark);
  const bool is_absolute = mark != std::string_view::npos && mark > 0 &&
                           std::ranges::all_of(target.substr(0, mark), [](unsigned char c) {
                             return std::isalnum(c) != 0 || c == '+' || c == '-' || c == '.';
                           });
  if (!is_absolute) return true;
  const std::string_view rest = target.substr(mark + kMark.size());
  const std::size_t end = rest.find('/');
  const std::string_view authority = rest.substr(0, end);
  if (!is_host(authority)) return false;
  // An empty path is "/"; one stands before the authority, in the buffer as all of the request.
  head.path = end == std::string_view::npos ? target.substr(mark + 1, 1) : rest.substr(end);
  const auto host = std::ranges::find_if(
      head.headers, [](const Header& header) { return equals_ignoring_case(header.name, "host"); });
  if (host != head.headers.end()) {
    host->value = authority;
  } else {
    head.headers.push_back({"Host", authority});
  }
  return true;
}

bool is_printable(std::string_view text) {
  return std::ranges::all_of(text,
                             [](unsigned char c) { return c == '\t' || (c >= ' ' && c != 0x7F); });
}

HeadLines look_at_lines(std::string_view received) {
  constexpr std::string_view kLineEnd = "\r\n";
  HeadLines lines;
  for (std::size_t at = received.find(kLineEnd); at != std::string_view::npos && !lines.is_whole;
       at = received.find(kLineEnd, at)) {
    at += kLineEnd.size();
    const std::string_view rest = received.substr(at);
    lines.is_whole = rest.starts_with(kLineEnd);
    lines.is_folded = lines.is_folded || rest.starts_with(' ') || rest.starts_with('\t');
  }
  return lines;
}

}  // namespace millrace::net
