// Writes the answers of one HTTP/1.1 connection: whole ones, and those that come in pieces.

#pragma once

#include <string>
#include <string_view>

#include <boost/asio/buffer.hpp>

#include "net/async.h"
#include "net/budget.h"
#include "net/byte_stream.h"
#include "net/http.h"
#include "net/session_context.h"
#include "net/sessions.h"

namespace millrace::net {

// One answer at a time, on the connection's thread. What it is given outlives it; `share` holds the
// bytes of the answer.
class Http1Writer {
 public:
  Http1Writer(ByteStream& stream, SessionContext& context, Sessions::Entry& entry,
              Budget::Share& share)
      : stream_(stream), context_(context), entry_(entry), share_(share) {}

  // Returns whether all of the answer is with the system.
  Task<bool> write(HttpResponse* response, bool is_last, bool has_body);

  // Sends what the answer's source has until its end; returns whether the connection goes on.
  // HTTP/1.0 knows no chunks: there the end of the connection is the end of the answer.
  Task<bool> write_pieces(HttpResponse* response, unsigned version, bool is_last);

 private:
  class ChunkSink;

  Task<bool> write_large(std::string_view body);
  Task<bool> write_piece(asio::const_buffer bytes);

  ByteStream& stream_;
  SessionContext& context_;
  Sessions::Entry& entry_;
  Budget::Share& share_;
  std::string head_;  // The answer's, or the chunk under way.
};

}  // namespace millrace::net
