// Beast's parser of HTTP/1 messages, filling an HttpRequest instead of a message of its own: a
// field costs no allocation, and what stands behind the body is no header.

#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include <boost/beast/core/error.hpp>
#include <boost/beast/core/string_type.hpp>
#include <boost/beast/http/basic_parser.hpp>
#include <boost/optional/optional.hpp>

#include "net/http.h"
#include "net/limits.h"

namespace millrace::net {

class Http1Parser final : public boost::beast::http::basic_parser<true> {
 public:
  // Fills `request`, with views into the bytes it is given, and appends a chunked body to `body`.
  // Both outlive the parser.
  Http1Parser(const Limits& limits, HttpRequest& request, std::string& body);

  [[nodiscard]] unsigned version() const { return version_; }  // 10 or 11.

  // Copies `head`, which the request's views point into, to `into`, and has them point there. Views
  // of anything else stay as they are.
  void keep_head(std::string_view head, std::string& into);

 private:
  using Text = boost::beast::string_view;
  using IoError = boost::beast::error_code;

  void on_request_impl(boost::beast::http::verb verb, Text method, Text target, int version,
                       IoError& error) override;
  void on_response_impl(int status, Text reason, int version, IoError& error) override;
  void on_field_impl(boost::beast::http::field field, Text name, Text value,
                     IoError& error) override;
  void on_header_impl(IoError& error) override;
  void on_body_init_impl(const boost::optional<std::uint64_t>& length, IoError& error) override;
  std::size_t on_body_impl(Text bytes, IoError& error) override;
  void on_chunk_header_impl(std::uint64_t size, Text extensions, IoError& error) override;
  std::size_t on_chunk_body_impl(std::uint64_t left, Text bytes, IoError& error) override;
  void on_finish_impl(IoError& error) override;

  HttpRequest& request_;
  std::string& body_;
  const std::size_t body_bytes_max_;
  unsigned version_ = 0;
};

}  // namespace millrace::net
