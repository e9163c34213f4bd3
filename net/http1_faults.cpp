#include "net/http1_faults.h"

#include <optional>
#include <string_view>

#include <boost/beast/core/error.hpp>
#include <boost/beast/http/error.hpp>

#include "net/http.h"

namespace millrace::net {

namespace http = boost::beast::http;

std::optional<HttpResponse> answer_to(const boost::beast::error_code& error) {
  if (error == http::error::header_limit || error == http::error::buffer_overflow) {
    return plain_response(431, "The head of the request is too large.\n", true);
  }
  if (error == http::error::body_limit) return plain_response(413, "", true);
  const bool is_parse_error =
      error.category() == make_error_code(http::error::bad_version).category();
  if (!is_parse_error || error == http::error::end_of_stream ||
      error == http::error::partial_message) {
    return std::nullopt;
  }
  return plain_response(400, "The request is not well-formed HTTP/1.1.\n", true);
}

std::string_view reason_of(const HttpResponse& answer) {
  return answer.body.empty() ? "The body is too large." : std::string_view(answer.body);
}

std::string_view reason_of(const boost::beast::error_code& error,
                           const std::optional<HttpResponse>& answer, bool has_expired) {
  if (answer) return reason_of(*answer);
  if (error == http::error::end_of_stream) return "The bytes are no request of HTTP/1.";
  if (error == http::error::partial_message) return "The body comes too slowly.";
  return has_expired ? "The request was not whole in time." : "";
}

}  // namespace millrace::net
