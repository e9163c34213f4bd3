// What the sessions of both transports use.

#pragma once

#include "net/budget.h"
#include "net/handler.h"
#include "net/io_loop.h"
#include "net/limits.h"
#include "net/sessions.h"
#include "net/tls_context.h"

namespace millrace::net {

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

}  // namespace millrace::net
