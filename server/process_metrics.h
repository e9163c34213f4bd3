// What /metrics says of the process, under the names that Prometheus' own libraries use.
//
// Source: Prometheus documentation, "Writing client libraries", Process metrics; proc(5).

#pragma once

#include "base/metrics.h"

namespace millrace::server {

void write_process_metrics(MetricsText& text);

}  // namespace millrace::server
