// Warm throughput: what an on-demand stream is to be ready for. Kept and shown; the shards stay.
//
// Source: API_UpdateStreamWarmThroughput, Kinesis API reference. Only accounts with the minimum
// throughput billing commitment have it.

#pragma once

#include <cstdint>
#include <optional>
#include <tuple>

#include "api/context.h"
#include "api/field.h"
#include "base/error.h"
#include "streams/stream_facts.h"

namespace millrace::kinesis {

struct WarmThroughput {
  std::int32_t target_mibps = 0;
  std::int32_t current_mibps = 0;

  static constexpr auto fields = std::tuple{
      api::field("TargetMiBps", &WarmThroughput::target_mibps),
      api::field("CurrentMiBps", &WarmThroughput::current_mibps),
  };
};

// Nothing unless the account has the commitment.
[[nodiscard]] std::optional<WarmThroughput> warm_throughput(const streams::StreamFacts& facts,
                                                            const api::Context& context);

// Errors: kValidation without the commitment, kLimitExceeded above 10 GiB a second.
[[nodiscard]] Result<void> check_warm_throughput(std::int32_t mibps, const api::Context& context);

[[nodiscard]] std::unexpected<Error> warm_throughput_needs_on_demand();

}  // namespace millrace::kinesis
