#include "app/second_signal.h"

#include <csignal>
#include <cstdlib>
#include <system_error>
#include <thread>

#include <boost/system/error_code.hpp>
#include <spdlog/logger.h>

namespace millrace::app {

SecondSignal::~SecondSignal() {
  io_.stop();
  if (thread_.joinable()) thread_.join();
}

void SecondSignal::arm() {
  signals_.emplace(io_, SIGTERM, SIGINT);
  signals_->async_wait([this](const boost::system::error_code& error, int signal) {
    if (!error) end_process(signal);
  });
  try {
    thread_ = std::thread([this] { io_.run(); });
  } catch (const std::system_error&) {
    std::signal(SIGTERM, SIG_DFL);
    std::signal(SIGINT, SIG_DFL);
  }
}

void SecondSignal::end_process(int signal) {
  log_.error("ending at once on signal {}", signal);
  writer_.flush();
  std::_Exit(EXIT_FAILURE);
}

}  // namespace millrace::app
