// A new connection: looks at its first bytes and hands it to the transport they belong to.

#pragma once

#include <cstdint>
#include <string_view>

#include "net/async.h"
#include "net/session_context.h"

namespace millrace::net {

enum class Transport : std::uint8_t { kUndecided, kHttp1, kHttp2, kTls };

// What the first bytes of a connection announce; kUndecided while they fit more than one.
[[nodiscard]] Transport detect_transport(std::string_view first_bytes);

// Serves `socket` to its end. `context` outlives it.
Task<> serve_connection(Socket socket, SessionContext* context);

}  // namespace millrace::net
