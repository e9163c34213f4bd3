// The addresses and ports of the configuration, opened.

#pragma once

#include <vector>

#include "app/config.h"
#include "base/error.h"
#include "net/endpoint.h"
#include "net/listener.h"

namespace spdlog {
class logger;  // NOLINT(readability-identifier-naming): its name.
}

namespace millrace::app {

// Listens on each port on each address, and says so in the log. Gives where this machine reaches
// the server, in the order of the configuration. An address of a kind that the machine lacks is
// passed over, with a line of the log, if there is another. Errors: kCannotListen or
// kNoAddressFamily, with a sentence for people.
[[nodiscard]] Result<std::vector<net::Endpoint>> open_ports(const Config& config,
                                                            net::Listener& listener,
                                                            spdlog::logger& log);

}  // namespace millrace::app
