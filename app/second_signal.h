// SIGTERM and SIGINT while the server stops already: for those who do not want to wait.

#pragma once

#include <optional>
#include <thread>

#include <boost/asio/signal_set.hpp>

#include "app/logger.h"
#include "net/async.h"
#include "server/log_writer.h"

namespace millrace::app {

class SecondSignal {
 public:
  // Both outlive it.
  SecondSignal(spdlog::logger& log, server::LogWriter& writer) : log_(log), writer_(writer) {}
  SecondSignal(const SecondSignal&) = delete;
  SecondSignal& operator=(const SecondSignal&) = delete;
  ~SecondSignal();

  // From now on a signal ends the process at once, with exit status 1 and a line in the log. It has
  // a thread of its own, for what a stop waits for may never come; where the system gives none, the
  // signal ends the process in the system's way.
  void arm();

 private:
  void end_process(int signal);

  spdlog::logger& log_;
  server::LogWriter& writer_;
  asio::io_context io_{1};
  std::optional<asio::signal_set> signals_;
  std::thread thread_;
};

}  // namespace millrace::app
