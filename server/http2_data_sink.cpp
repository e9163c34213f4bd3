#include "server/http2_data_sink.h"

#include <string_view>

#include "server/async.h"
#include "server/http2_stream.h"

namespace millrace::server {

bool Http2DataSink::is_pending() const {
  return stream_.is_open && stream_.out_sent < stream_.out.size();
}

Task<bool> Http2DataSink::send(std::string_view frame) {
  stream_.answer_share.give_back();
  if (!stream_.answer_share.take(frame.size())) co_return false;
  stream_.out = frame;
  stream_.out_sent = 0;
  resume_();
  bool is_woken = true;
  while (is_pending() && is_woken) {
    is_woken = co_await stream_.drained->sleep(limits_.event_timeout);
  }
  const bool is_taken = stream_.is_open && !is_pending();
  co_return is_taken;
}

}  // namespace millrace::server
