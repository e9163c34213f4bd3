#include "api/kinesis/warm_throughput.h"

#include <cstdint>
#include <optional>
#include <string>

#include "api/context.h"
#include "base/error.h"
#include "streams/errors.h"
#include "streams/stream_facts.h"
#include "world/world.h"

namespace millrace::kinesis {
namespace {

constexpr std::int32_t kMibpsMax = 10240;

bool has_commitment(const api::Context& context) {
  return context.world()
      .accounts()
      .commitment(context.scope)
      .is_in_force(context.world().clock().now());
}

std::int32_t mibps_of(const streams::StreamSettings& settings) {
  return static_cast<std::int32_t>(settings.warm_mibps.value_or(0));
}

}  // namespace

std::optional<WarmThroughput> warm_throughput(const streams::StreamFacts& facts,
                                              const api::Context& context) {
  if (!has_commitment(context)) return std::nullopt;
  const auto& target = facts.update ? facts.update->settings : facts.settings;
  return WarmThroughput{mibps_of(target), mibps_of(facts.settings)};
}

Result<void> check_warm_throughput(std::int32_t mibps, const api::Context& context) {
  if (!has_commitment(context)) {
    return fail(streams::kValidation,
                "WarmThroughputMiBps is only supported in accounts that have "
                "MinimumThroughputBillingCommitment enabled. Account " +
                    context.scope.account + " does not.");
  }
  if (mibps > kMibpsMax) {
    return fail(streams::kLimitExceeded, "WarmThroughputMiBps cannot be greater than " +
                                             std::to_string(kMibpsMax) +
                                             ". Requested: " + std::to_string(mibps) + ".");
  }
  return {};
}

std::unexpected<Error> warm_throughput_needs_on_demand() {
  return fail(streams::kInvalidArgument,
              "WarmThroughputMiBps is only supported for streams in On-Demand mode.");
}

}  // namespace millrace::kinesis
