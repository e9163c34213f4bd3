// One HTTP/1.1 connection: reads a request within its limits, has it answered, writes the answer.
//
// The head is Beast's; a body of known length is read straight into one reused string that grows
// with what arrived, never with what was declared.

#pragma once

#include <string>

#include <boost/beast/core/flat_buffer.hpp>

#include "server/async.h"
#include "server/budget.h"
#include "server/byte_stream.h"
#include "server/dispatcher.h"
#include "server/http.h"
#include "server/io_loop.h"
#include "server/rejections.h"
#include "server/request_ids.h"
#include "server/sessions.h"
#include "server/tls_context.h"

namespace millrace::server {

// What a session uses; all of it outlives it. One per I/O thread, but for what is shared.
struct SessionContext {
  Dispatcher& dispatcher;
  const Limits& limits;
  Budget& bodies;   // Of all connections.
  Budget& answers;  // Likewise.
  RequestIds& ids;
  IoLoop& loop;
  Sessions& sessions;
  const TlsSide& tls;
  Rejections& rejections;
};

// Serves until the peer closes, falls silent or breaks the protocol, or the server stops.
// `received` is what was read already.
Task<> serve_http1(ByteStream* stream, beast::flat_buffer* received, SessionContext* context,
                   Sessions::Entry* entry);

}  // namespace millrace::server
