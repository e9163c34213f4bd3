#include "server/sessions.h"

#include <chrono>

#include <boost/asio/this_coro.hpp>
#include <linux/sockios.h>
#include <sys/ioctl.h>

#include "server/async.h"

namespace millrace::server {
namespace {

// Of what was written, what the peer has not acknowledged.
int bytes_to_take(Socket& socket) {
  int bytes = 0;
  return ::ioctl(socket.native_handle(), SIOCOUTQ, &bytes) == 0 ? bytes : 0;
}

}  // namespace

Sessions::Entry::Entry(Sessions& sessions, Socket& socket)
    : sessions_(sessions), socket_(socket), taken_at_(std::chrono::steady_clock::now()) {
  sessions_.entries_.insert(this);
  ++sessions_.connections_;
}

Sessions::Entry::~Entry() {
  sessions_.entries_.erase(this);
  --sessions_.connections_;
}

void Sessions::Entry::set_idle(bool is_idle) { is_idle_ = is_idle; }

void Sessions::stop() {
  is_stopping_ = true;
  for (Entry* entry : entries_) {
    if (!entry->is_idle_) {
      if (entry->end_) entry->end_();
      continue;
    }
    boost::system::error_code ignored;
    entry->socket_.cancel(ignored);
  }
}

Task<> Sessions::close_stuck(std::chrono::steady_clock::duration timeout) {
  constexpr int kLooks = 4;  // In the time that a peer has.
  Timer timer(co_await asio::this_coro::executor);
  while (!is_stopping_) {
    timer.expires_after(timeout / kLooks);
    co_await timer.async_wait(kAwaitTuple);
    const auto now = std::chrono::steady_clock::now();
    for (Entry* entry : entries_) {
      if (!entry->is_idle_ || bytes_to_take(entry->socket_) == 0) entry->taken_at_ = now;
      if (now - entry->taken_at_ <= timeout) continue;
      boost::system::error_code ignored;
      entry->socket_.cancel(ignored);
    }
  }
}

}  // namespace millrace::server
