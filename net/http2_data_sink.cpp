#include "net/http2_data_sink.h"

#include <string_view>

#include "net/async.h"
#include "net/body_pump.h"
#include "net/http2_exchange.h"

namespace millrace::net {

bool Http2DataSink::is_pending() const {
  return stream_.is_open && stream_.out_sent < stream_.out.size();
}

Task<bool> Http2DataSink::send(std::string_view piece) {
  const bool has_room =
      co_await take_in_time(&stream_.answer_share, piece.size(), executor_, limits_.piece_timeout);
  if (!has_room || !stream_.is_open) co_return false;
  stream_.out = piece;
  stream_.out_sent = 0;
  resume_();
  bool is_woken = true;
  while (is_pending() && is_woken && !stream_.drained->has_ended()) {
    is_woken = co_await stream_.drained->sleep(limits_.piece_timeout);
  }
  const bool is_taken = stream_.is_open && !is_pending();
  stream_.answer_share.give_back();
  co_return is_taken;
}

}  // namespace millrace::net
