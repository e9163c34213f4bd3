// What /metrics says of the build, the store and its budgets.

#pragma once

#include "base/metrics.h"
#include "server/config.h"
#include "storage/engine.h"

namespace millrace::server {

// `config` and `engine` outlive the last render of `metrics`.
void add_store_metrics(Metrics& metrics, const Config& config, const storage::Engine& engine);

}  // namespace millrace::server
