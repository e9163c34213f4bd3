// The whole process: opens the store, listens, serves, stops.

#pragma once

#include <functional>

#include "app/config.h"
#include "base/error.h"

namespace millrace::app {

// The options as they are now: what they come from may have changed since the start.
using ReadOptions = std::function<Result<Config>()>;

// Serves until SIGTERM or SIGINT. On SIGHUP the files of certificate and access keys and the level
// of the log are read again, by `read_again`. Returns the exit status: 0 after a clean stop, 1 if
// it could not start.
[[nodiscard]] int serve(const Config& config, ReadOptions read_again);

// Asks the server on the configured port whether it is ready. 0 if it is.
[[nodiscard]] int ask_health(const Config& config);

// Opens the data directory and reads every record. 0 if nothing is damaged.
[[nodiscard]] int check(const Config& config);

// Prints the certificate that clients are to trust, and on standard error how they do it. 0 if
// there is one.
[[nodiscard]] int print_certificate(const Config& config);

}  // namespace millrace::app
