// What IncreaseStreamRetentionPeriod and DecreaseStreamRetentionPeriod share: all but the
// direction.

#pragma once

#include <cstdint>
#include <tuple>

#include "api/context.h"
#include "api/field.h"
#include "api/kinesis/resources.h"
#include "base/error.h"

namespace millrace::kinesis {

struct RetentionRequest {
  std::int32_t retention_hours = 0;
  StreamRef stream;

  static constexpr auto fields = std::tuple{
      field("RetentionPeriodHours", &RetentionRequest::retention_hours).required(),
      flatten(&RetentionRequest::stream),
  };
};

enum class RetentionChange : std::uint8_t { kIncrease, kDecrease };

// Errors: stream_not_found; kInvalidArgument for hours out of bounds or in the other direction. The
// present value is accepted both ways.
[[nodiscard]] Result<void> set_retention(const RetentionRequest& request, api::Context& context,
                                         RetentionChange change);

}  // namespace millrace::kinesis
