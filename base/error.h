// Errors are values: a code that says which, and a message for the client.
//
// A code is a named constant declared where it belongs (streams/errors.h, storage/errors.h), never
// a bare string at the place of use. One function turns it into an answer: api/error_reply.cpp.

#pragma once

#include <cstdint>
#include <expected>  // IWYU pragma: export
#include <string>
#include <string_view>
#include <utility>

namespace millrace {

// Whose doing an error is. A server's fault is answered without its message, but for what the
// people who run the server can mend.
enum class Blame : std::uint8_t { kCaller, kServer, kOperator };

// A kind of error. Two codes are the same when they have the same name.
struct ErrorCode {
  std::string_view name;
  Blame blame = Blame::kCaller;

  friend constexpr bool operator==(const ErrorCode& a, const ErrorCode& b) {
    return a.name == b.name;
  }
};

struct Error {
  ErrorCode code;
  std::string message;  // For the client, in the service's words; no internals, no paths.
};

template <class T>
using Result = std::expected<T, Error>;

// Shorthand for `return fail(code, message)`.
[[nodiscard]] inline std::unexpected<Error> fail(ErrorCode code, std::string message) {
  return std::unexpected(Error{code, std::move(message)});
}

}  // namespace millrace
