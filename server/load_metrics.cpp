#include "server/load_metrics.h"

#include "base/metrics.h"

namespace millrace::server {

void add_load_metrics(Metrics& metrics, const Load& load) {
  metrics.gauge("millrace_connections", "Connections that are open.",
                [load] { return static_cast<double>(load.connections.load()); });
  metrics.gauge("millrace_subscriptions", "Subscriptions to shards that are open.",
                [load] { return static_cast<double>(load.subscriptions()); });
  metrics.gauge("millrace_inflight_bytes", "Bytes of request bodies under way.",
                [load] { return static_cast<double>(load.bodies.taken()); });
  metrics.gauge("millrace_answer_bytes", "Bytes of answers that their peers have not taken yet.",
                [load] { return static_cast<double>(load.answers.taken()); });
  metrics.gauge("millrace_log_lines_dropped", "Log lines nobody read in time.",
                [load] { return static_cast<double>(load.log_writer.dropped()); });
}

}  // namespace millrace::server
