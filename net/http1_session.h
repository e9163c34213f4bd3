// One HTTP/1.1 connection: reads a request within its limits, has it answered, writes the answer.
//
// The head is Beast's; a body of known length is read straight into one reused string that grows
// with what arrived, never with what was declared.

#pragma once

#include <boost/beast/core/flat_buffer.hpp>

#include "net/async.h"
#include "net/byte_stream.h"
#include "net/session_context.h"
#include "net/sessions.h"

namespace millrace::net {

// Serves until the peer closes, falls silent or breaks the protocol, or the server stops.
// `received` is what was read already.
Task<> serve_http1(ByteStream* stream, beast::flat_buffer* received, SessionContext* context,
                   Sessions::Entry* entry);

}  // namespace millrace::net
