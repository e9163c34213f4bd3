#include "server/sessions.h"

#include "server/async.h"

namespace millrace::server {

Sessions::Entry::Entry(Sessions& sessions, Socket& socket) : sessions_(sessions), socket_(socket) {
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

}  // namespace millrace::server
