// What /metrics says of the load: what is open and under way.

#pragma once

#include <atomic>
#include <cstddef>
#include <functional>

#include "base/metrics.h"
#include "net/budget.h"
#include "server/log_writer.h"

namespace millrace::server {

struct Load {
  const std::atomic<std::size_t>& connections;
  std::function<std::size_t()> subscriptions;  // How many are open.
  const net::Budget& bodies;
  const net::Budget& answers;
  const LogWriter& log_writer;
};

// What `load` names outlives the last render of `metrics`.
void add_load_metrics(Metrics& metrics, const Load& load);

}  // namespace millrace::server
