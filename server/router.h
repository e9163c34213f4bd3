// Which service a request is for, and by which protocol it is to be read.
//
// A request names its service in X-Amz-Target, in its path, in the scope of its signature or, in a
// form, by its Action; the first of these that names one counts. What names none is for Kinesis,
// which answers it as the service does. A service that is not served is named in the answer
// (server/foreign_services.h).

#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "api/service.h"
#include "aws/protocol.h"
#include "net/http.h"

namespace millrace::server {

// A compressed body may not be longer than this when it is unpacked.
inline constexpr std::size_t kUnpackedBytesMax = 4UL << 20U;

struct Route {
  const api::Service* service = nullptr;
  const aws::Protocol* protocol = nullptr;
  std::optional<std::string>
      unpacked;  // The body, if it came compressed to a service that takes it.
};

// The answer to a request that goes to no service, and what the debug level says of it.
struct NoRoute {
  aws::Answer answer;
  std::string why;
};

// A body is unpacked up to the lesser of `body_bytes_max` and kUnpackedBytesMax.
[[nodiscard]] std::variant<Route, NoRoute> route(const net::HttpRequest& request,
                                                 std::size_t body_bytes_max,
                                                 const std::string& request_id);

}  // namespace millrace::server
