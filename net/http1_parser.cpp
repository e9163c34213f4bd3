#include "net/http1_parser.h"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include <boost/beast/http/error.hpp>
#include <boost/beast/http/field.hpp>
#include <boost/beast/http/verb.hpp>
#include <boost/optional/optional.hpp>

#include "net/http.h"
#include "net/http1_head.h"
#include "net/limits.h"

namespace millrace::net {

namespace http = boost::beast::http;

Http1Parser::Http1Parser(const Limits& limits, HttpRequest& request, std::string& body)
    : request_(request), body_(body), body_bytes_max_(limits.body_bytes_max) {
  header_limit(static_cast<std::uint32_t>(limits.header_bytes_max));
  body_limit(limits.body_bytes_max);
}

void Http1Parser::keep_head(std::string_view head, std::string& into) {
  into = head;
  const auto moved = [&](std::string_view& text) {
    const std::less<> before;  // Of pointers that need not belong together.
    const bool is_inside =
        !before(text.data(), head.data()) && before(text.data(), head.data() + head.size());
    if (is_inside) text = {into.data() + (text.data() - head.data()), text.size()};
  };
  moved(request_.method);
  moved(request_.path);
  moved(request_.query);
  for (Header& header : request_.headers) {
    moved(header.name);
    moved(header.value);
  }
}

void Http1Parser::on_request_impl(http::verb /*verb*/, Text method, Text target, int version,
                                  IoError& /*error*/) {
  const std::string_view whole = to_view(target);
  const std::size_t mark = whole.find('?');
  request_.method = to_view(method);
  request_.path = whole.substr(0, mark);
  request_.query = mark == std::string_view::npos ? std::string_view{} : whole.substr(mark + 1);
  version_ = static_cast<unsigned>(version);
}

void Http1Parser::on_response_impl(int /*status*/, Text /*reason*/, int /*version*/,
                                   IoError& /*error*/) {}

void Http1Parser::on_field_impl(http::field /*field*/, Text name, Text value, IoError& /*error*/) {
  // RFC 9110 §6.5.1: a trailer may be dropped. Nobody has looked at it as a header.
  if (!is_header_done()) request_.headers.push_back({to_view(name), to_view(value)});
}

void Http1Parser::on_header_impl(IoError& /*error*/) {}

void Http1Parser::on_body_init_impl(const boost::optional<std::uint64_t>& /*length*/,
                                    IoError& /*error*/) {}

std::size_t Http1Parser::on_body_impl(Text bytes, IoError& error) {
  return on_chunk_body_impl(0, bytes, error);
}

void Http1Parser::on_chunk_header_impl(std::uint64_t /*size*/, Text extensions, IoError& error) {
  if (!is_printable(to_view(extensions))) error = http::error::bad_chunk_extension;
}

std::size_t Http1Parser::on_chunk_body_impl(std::uint64_t /*left*/, Text bytes, IoError& error) {
  if (bytes.size() > body_bytes_max_ - body_.size()) {
    error = http::error::body_limit;
    return 0;
  }
  body_.append(bytes.data(), bytes.size());
  return bytes.size();
}

void Http1Parser::on_finish_impl(IoError& /*error*/) {}

}  // namespace millrace::net
