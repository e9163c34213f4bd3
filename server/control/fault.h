// The error that a control path answers with.

#pragma once

#include <expected>
#include <string>
#include <string_view>
#include <utility>

#include "base/error.h"

namespace millrace::server::control {

struct Fault {
  int status = 400;
  std::string code;     // For programs: `bad_request`.
  std::string message;  // A sentence for people.
  std::string where;  // A pointer into the body (RFC 6901), or `?name` of the query; may be empty.

  Fault(int http_status, std::string_view name, std::string text, std::string place = "")
      : status(http_status), code(name), message(std::move(text)), where(std::move(place)) {}

  // Of a world or a store.
  Fault(const Error& error);  // NOLINT(google-explicit-constructor): TRY passes it on.
};

template <class T>
using Outcome = std::expected<T, Fault>;

[[nodiscard]] inline std::unexpected<Fault> bad_request(std::string message,
                                                        std::string where = "") {
  return std::unexpected(Fault(400, "bad_request", std::move(message), std::move(where)));
}

}  // namespace millrace::server::control
