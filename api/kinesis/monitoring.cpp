#include "api/kinesis/monitoring.h"

#include "api/context.h"
#include "api/kinesis/arn.h"
#include "api/kinesis/resources.h"
#include "base/error.h"
#include "base/try.h"
#include "streams/monitoring.h"
#include "streams/stream.h"
#include "streams/stream_facts.h"

namespace millrace::kinesis {

Result<MonitoringResponse> set_monitoring(const MonitoringRequest& request, api::Context& context,
                                          MonitoringChange change) {
  const auto stream = TRY(find_stream(context, request.stream));

  const streams::ShardMetrics named = streams::parse_metrics(request.shard_level_metrics);
  MonitoringResponse response;
  const auto written =
      stream->change(streams::Allowed::kActive, [&](streams::StreamFacts& facts) -> Result<void> {
        streams::ShardMetrics& metrics = facts.shard_metrics;
        response.stream_name = facts.key.name;
        response.stream_arn = stream_arn(facts.key);
        response.current = streams::names_of(metrics);
        metrics = change == MonitoringChange::kEnable ? metrics | named : metrics & ~named;
        response.desired = streams::names_of(metrics);
        return {};
      });
  if (!written) return std::unexpected(written.error());
  context.wait_for(*written);
  return response;
}

}  // namespace millrace::kinesis
