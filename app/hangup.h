// SIGHUP: a reload, or the end of the terminal that the server was started from.

#pragma once

#include <functional>

#include <boost/asio/signal_set.hpp>

#include "net/async.h"

namespace millrace::app {

// Used by the thread of `io`, from its start to its end.
class Hangup {
 public:
  struct Hooks {
    std::function<void()> reload;
    std::function<void()> stop;  // The terminal has gone.
  };

  Hangup(asio::io_context& io, Hooks hooks);
  Hangup(const Hangup&) = delete;
  Hangup& operator=(const Hangup&) = delete;

  // The signal is ignored from then on: what it would end is being put away.
  ~Hangup();

  void start();

 private:
  asio::signal_set signals_;
  const Hooks hooks_;
  const bool has_terminal_;
};

}  // namespace millrace::app
