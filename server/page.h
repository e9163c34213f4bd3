// The page that a browser shows at `/`: what this is, how to use it, where to look. It does nothing
// by itself.

#pragma once

#include <optional>

#include "net/http.h"

namespace millrace::server {

// Whether `request` asks for the page, as a browser does: GET or HEAD of exactly `/`, for HTML,
// without a signature.
[[nodiscard]] bool is_page_request(const net::HttpRequest& request);

// The page or a file of it, if that is what a GET or HEAD asks for.
[[nodiscard]] std::optional<net::HttpResponse> answer_page(const net::HttpRequest& request);

}  // namespace millrace::server
