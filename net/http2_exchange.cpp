#include "net/http2_exchange.h"

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "net/http.h"
#include "net/http1_head.h"
#include "net/http2_protocol.h"

namespace millrace::net {
namespace {

// What a field costs besides its text, as RFC 9113 §6.5.2 counts it.
constexpr std::size_t kFieldOverhead = 32;

}  // namespace

void Http2Exchange::refuse(int status, std::string text) {
  if (!refusal_) refusal_ = plain_response(status, std::move(text));
  std::string().swap(body_);
  body_share_.give_back();
}

void Http2Exchange::add_header(std::string_view name, std::string_view value) {
  if (refusal_) return;
  note_move();
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

bool Http2Exchange::is_too_slow() const {
  const auto elapsed = std::chrono::steady_clock::now() - body_started_;
  if (elapsed < limits_.read_timeout) return false;
  const double seconds = std::chrono::duration<double>(elapsed).count();
  return static_cast<double>(body_.size()) <
         seconds * static_cast<double>(limits_.body_bytes_per_second_min);
}

void Http2Exchange::add_body(std::string_view bytes) {
  if (refusal_) return;
  note_move();
  if (body_.empty()) body_started_ = std::chrono::steady_clock::now();
  if (body_.size() + bytes.size() > limits_.body_bytes_max) return refuse(413, "");
  if (!body_share_.take(bytes.size())) return refuse_for_room();
  if (is_too_slow()) return refuse_as_too_slow();
  body_ += bytes;
}

std::chrono::steady_clock::time_point Http2Exchange::deadline() const {
  if (!is_complete) return moved_at_ + limits_.read_timeout;
  const bool is_waiting = out_sent < out.size() && !is_dropped && drained == nullptr;
  return is_waiting ? moved_at_ + limits_.stall_timeout
                    : std::chrono::steady_clock::time_point::max();
}

std::size_t Http2Exchange::take(std::span<std::uint8_t> space) {
  const std::size_t count = std::min(space.size(), out.size() - out_sent);
  std::memcpy(space.data(), out.data() + out_sent, count);
  out_sent += count;
  if (count > 0) {
    note_move();
    answer_share.note_move(count);
  }
  return count;
}

void Http2Exchange::drop_answer() {
  is_dropped = true;
  std::string().swap(out);
  out_sent = 0;
  answer_share.give_back();
}

HttpRequest Http2Exchange::request() const {
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

std::vector<Http2Protocol::Field> fields_of(const HttpResponse& response, const std::string& status,
                                            const std::string& length) {
  std::vector<Http2Protocol::Field> fields = {{":status", status}};
  fields.reserve(4 + response.headers.size());
  for (const AnswerHeader& header : response.headers) {
    fields.push_back({header.name, header.value, header.is_unique});
  }
  if (!response.content_type.empty()) fields.push_back({"content-type", response.content_type});
  if (!length.empty()) fields.push_back({"content-length", length});
  fields.push_back({"date", http_date()});
  return fields;
}

}  // namespace millrace::net
