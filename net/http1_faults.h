// Requests that could not be read: what they are answered, and what is logged of them.

#pragma once

#include <optional>
#include <string_view>

#include <boost/beast/core/error.hpp>

#include "net/http.h"

namespace millrace::net {

// Nullopt where silence is the answer.
[[nodiscard]] std::optional<HttpResponse> answer_to(const boost::beast::error_code& error);

// The reason in words for the log; empty for a peer that only went away. `has_expired` says that
// the peer had its time.
[[nodiscard]] std::string_view reason_of(const boost::beast::error_code& error,
                                         const std::optional<HttpResponse>& answer,
                                         bool has_expired);

// The same of an answer.
[[nodiscard]] std::string_view reason_of(const HttpResponse& answer);

}  // namespace millrace::net
