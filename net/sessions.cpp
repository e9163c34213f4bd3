#include "net/sessions.h"

#include <chrono>
#include <utility>

#include <boost/asio/this_coro.hpp>
#include <linux/sockios.h>
#include <sys/ioctl.h>

#include "net/async.h"
#include "net/byte_stream.h"

namespace millrace::net {
namespace {

// A peer that takes less of an answer has not moved.
constexpr int kTakenMin = 64 * 1024;

// Of what was written, what the peer has not acknowledged.
int bytes_to_take(Socket& socket) {
  int bytes = 0;
  return ::ioctl(socket.native_handle(), SIOCOUTQ, &bytes) == 0 ? bytes : 0;
}

}  // namespace

Sessions::Entry::Entry(Sessions& sessions, ByteStream& stream)
    : sessions_(sessions), stream_(stream), taken_at_(std::chrono::steady_clock::now()) {
  sessions_.entries_.insert(this);
}

Sessions::Entry::~Entry() { sessions_.entries_.erase(this); }

void Sessions::stop(std::chrono::steady_clock::duration half_sent_timeout) {
  is_stopping_ = true;
  receives_until_ = std::chrono::steady_clock::now() + half_sent_timeout;
  for (Entry* entry : entries_) {
    if (!entry->is_idle_) {
      if (entry->end_) entry->end_();
      continue;
    }
    boost::system::error_code ignored;
    entry->stream_.socket().cancel(ignored);
  }
}

void Sessions::close_expired(std::chrono::steady_clock::time_point now) {
  for (Entry* entry : entries_) {
    const bool is_given_up = entry->is_receiving_ && receives_until_ <= now;
    if (is_given_up || entry->stream_.has_expired(now)) entry->stream_.close();
  }
}

void Sessions::close_stuck(std::chrono::steady_clock::time_point now,
                           std::chrono::steady_clock::time_point last_look,
                           std::chrono::steady_clock::duration timeout) {
  for (Entry* entry : entries_) {
    Socket& socket = entry->stream_.socket();
    const bool was_busy = std::exchange(entry->was_busy_, false);
    const int left = entry->is_idle_ ? bytes_to_take(socket) : 0;
    if (left == 0) {
      entry->taken_at_ = now;
    } else if (was_busy || left <= entry->left_bytes_ - kTakenMin) {
      entry->taken_at_ = last_look;  // Or later: when, nobody saw.
    }
    if (entry->taken_at_ >= last_look) entry->left_bytes_ = left;
    if (now - entry->taken_at_ <= timeout) continue;
    boost::system::error_code ignored;
    socket.cancel(ignored);
  }
}

Task<> Sessions::watch(std::chrono::steady_clock::duration taking_timeout) {
  constexpr std::chrono::milliseconds kTick{250};
  constexpr int kLooks = 4;  // In the time that a peer has to take its answer.
  Timer timer(co_await asio::this_coro::executor);
  auto last_look = std::chrono::steady_clock::now();
  while (!is_stopping_ || !entries_.empty()) {
    timer.expires_after(kTick);
    co_await timer.async_wait(kAwaitTuple);
    const auto now = std::chrono::steady_clock::now();
    close_expired(now);
    if (now < last_look + taking_timeout / kLooks) continue;
    close_stuck(now, last_look, taking_timeout);
    last_look = now;
  }
}

}  // namespace millrace::net
