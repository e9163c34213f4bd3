// The log of what the server does, in lines of a LogWriter.

#pragma once

#include <memory>
#include <string>

#include "server/log_line.h"
#include "server/log_writer.h"

namespace spdlog {
class logger;  // NOLINT(readability-identifier-naming): its name.
}

namespace millrace::app {

// A logger whose lines go to `writer`. `level` is one of trace, debug, info, warning, error, off.
[[nodiscard]] std::shared_ptr<spdlog::logger> make_logger(server::LogWriter& writer,
                                                          server::LogFormat format,
                                                          const std::string& level);

}  // namespace millrace::app
