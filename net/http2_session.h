// One HTTP/2 connection: sockets, time, and the requests that are answered at the same time. The
// protocol itself is in http2_protocol, a request and its limits in http2_exchange.
//
// Everything of a connection runs on its I/O thread. serve_http2() returns when nothing of it runs
// any more.

#pragma once

#include <boost/beast/core/flat_buffer.hpp>

#include "net/async.h"
#include "net/byte_stream.h"
#include "net/session_context.h"
#include "net/sessions.h"

namespace millrace::net {

// Serves until the peer closes, falls silent or breaks the protocol, or the server stops.
// `received` is what was read already, from the client's preface on.
Task<> serve_http2(ByteStream* stream, beast::flat_buffer* received, SessionContext* context,
                   Sessions::Entry* entry);

}  // namespace millrace::net
