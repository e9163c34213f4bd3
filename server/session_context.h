// What the sessions of both transports use.

#pragma once

#include "server/budget.h"
#include "server/handler.h"
#include "server/io_loop.h"
#include "server/limits.h"
#include "server/sessions.h"
#include "server/tls_context.h"

namespace millrace::server {

// All of it outlives the sessions. One per I/O thread, but for what is shared.
struct SessionContext {
  Handler& handler;
  const Limits& limits;
  Budget& bodies;   // Of all connections.
  Budget& answers;  // Likewise.
  IoLoop& loop;
  Sessions& sessions;
  const TlsSide& tls;
};

}  // namespace millrace::server
