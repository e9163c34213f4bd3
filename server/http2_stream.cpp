#include "server/http2_stream.h"

#include <chrono>
#include <cstddef>
#include <string>
#include <string_view>
#include <utility>

#include "server/http.h"

namespace millrace::server {
namespace {

// What a field costs besides its text, as RFC 9113 §6.5.2 counts it.
constexpr std::size_t kFieldOverhead = 32;

}  // namespace

void Http2Stream::refuse(int status, std::string text) {
  if (!refusal_) refusal_ = plain_response(status, std::move(text));
  std::string().swap(body_);
}

void Http2Stream::add_header(std::string_view name, std::string_view value) {
  if (refusal_) return;
  header_bytes_ += name.size() + value.size() + kFieldOverhead;
  if (header_bytes_ > limits_.header_bytes_max) {
    return refuse(431, "The head of the request is too large.\n");
  }
  if (header_sizes_.size() >= limits_.header_count_max) {
    return refuse(431, "The request has too many header fields.\n");
  }
  if (name == ":method") {
    method_ = value;
  } else if (name == ":path") {
    target_ = value;
  } else if (name == ":authority") {
    authority_ = value;
  } else if (!name.starts_with(':')) {
    header_text_ += name;
    header_text_ += value;
    header_sizes_.emplace_back(name.size(), value.size());
  }
}

bool Http2Stream::is_too_slow() const {
  const auto elapsed = std::chrono::steady_clock::now() - body_started_;
  if (elapsed < limits_.read_timeout) return false;
  const double seconds = std::chrono::duration<double>(elapsed).count();
  return static_cast<double>(body_.size()) <
         seconds * static_cast<double>(limits_.body_bytes_per_second_min);
}

void Http2Stream::add_body(std::string_view bytes) {
  if (refusal_) return;
  if (body_.empty()) body_started_ = std::chrono::steady_clock::now();
  if (body_.size() + bytes.size() > limits_.body_bytes_max) return refuse(413, "");
  if (!share_.take(bytes.size())) {
    return refuse(503, "Too many bytes are under way; try again.\n");
  }
  if (is_too_slow()) return refuse(408, "The body comes too slowly.\n");
  body_ += bytes;
}

HttpRequest Http2Stream::request() const {
  HttpRequest request;
  request.protocol = "http2";
  request.method = method_;
  const std::string_view target = target_;
  const std::size_t mark = target.find('?');
  request.path = target.substr(0, mark);
  if (mark != std::string_view::npos) request.query = target.substr(mark + 1);
  request.headers.reserve(header_sizes_.size() + 1);
  std::string_view text = header_text_;
  for (const auto& [name_size, value_size] : header_sizes_) {
    request.headers.push_back({text.substr(0, name_size), text.substr(name_size, value_size)});
    text.remove_prefix(name_size + value_size);
  }
  // A client may send the one, the other, or both.
  const auto host = request.header("host");
  if (!authority_.empty() && host != authority_) {
    request.headers.insert(request.headers.begin(), {"host", authority_});
  }
  request.body = body_;
  return request;
}

}  // namespace millrace::server
