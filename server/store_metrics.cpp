#include "server/store_metrics.h"

#include <cstdint>
#include <string>

#include "base/metrics.h"
#include "millrace_version.h"
#include "storage/engine.h"

namespace millrace::server {

void add_store_metrics(Metrics& metrics, StoreBudgets budgets, const storage::Engine& engine) {
  metrics.gauge("millrace_writable", "1 if writes are taken, 0 if the store refuses them.",
                [&engine] { return engine.writable() ? 1.0 : 0.0; });
  metrics.add_writer([budgets, &engine](MetricsText& text) {
    const storage::Usage usage = engine.usage();
    text.begin("millrace_build_info", "1, with the version as a label.", "gauge");
    text.sample("version=\"" + std::string(kVersion) + "\"", std::uint64_t{1});
    text.begin("millrace_memory_bytes", "Memory that the store takes.", "gauge");
    text.sample({}, usage.memory_bytes);
    text.begin("millrace_memory_budget_bytes", "What --memory-budget lets it take.", "gauge");
    text.sample({}, budgets.memory_bytes);
    text.begin("millrace_disk_bytes", "Bytes of the data directory's files.", "gauge");
    text.sample({}, usage.disk_bytes);
    text.begin("millrace_disk_budget_bytes", "What --disk-budget lets them take; 0: no limit.",
               "gauge");
    text.sample({}, budgets.disk_bytes);
  });
}

}  // namespace millrace::server
