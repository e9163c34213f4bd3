// The whole process: opens the store, listens, serves, stops.

#pragma once

#include "server/config.h"

namespace millrace::server {

// Serves until SIGTERM or SIGINT. Returns the exit status: 0 after a clean stop, 1 if it could not
// start.
[[nodiscard]] int serve(const Config& config);

// Asks the server on the configured port whether it is ready. 0 if it is.
[[nodiscard]] int ask_health(const Config& config);

// Opens the data directory and reads every record. 0 if nothing is damaged.
[[nodiscard]] int check(const Config& config);

// Prints the certificate that clients are to trust, and on standard error how they do it. 0 if
// there is one.
[[nodiscard]] int print_certificate(const Config& config);

}  // namespace millrace::server
