#include "app/hangup.h"

#include <utility>

#include <signal.h>  // NOLINT(modernize-deprecated-headers): SIGHUP is POSIX.
#include <unistd.h>

namespace millrace::app {

Hangup::Hangup(asio::io_context& io, Hooks hooks)
    : signals_(io, SIGHUP), hooks_(std::move(hooks)), has_terminal_(::isatty(STDIN_FILENO) != 0) {}

Hangup::~Hangup() {
  boost::system::error_code ignored;
  signals_.clear(ignored);
  ::signal(SIGHUP, SIG_IGN);
}

void Hangup::start() {
  signals_.async_wait([this](const boost::system::error_code& error, int /*signal*/) {
    if (error) return;
    // A terminal that was closed is none any more.
    if (has_terminal_ && ::isatty(STDIN_FILENO) == 0) return hooks_.stop();
    hooks_.reload();
    start();
  });
}

}  // namespace millrace::app
