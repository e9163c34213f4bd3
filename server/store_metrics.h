// What /metrics says of the build, the store and its budgets.

#pragma once

#include <cstdint>

#include "base/metrics.h"
#include "storage/engine.h"

namespace millrace::server {

struct StoreBudgets {
  std::uint64_t memory_bytes;
  std::uint64_t disk_bytes;  // 0: no limit.
};

// `engine` outlives the last render of `metrics`.
void add_store_metrics(Metrics& metrics, StoreBudgets budgets, const storage::Engine& engine);

}  // namespace millrace::server
