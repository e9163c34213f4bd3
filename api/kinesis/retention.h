// What IncreaseStreamRetentionPeriod and DecreaseStreamRetentionPeriod share: all but the
// direction.

#pragma once

#include <cstdint>

#include "api/context.h"
#include "api/kinesis/shapes.h"
#include "base/error.h"

namespace millrace::kinesis {

enum class RetentionChange : std::uint8_t { kIncrease, kDecrease };

// Errors: stream_not_found; kInvalidArgument for hours out of bounds or in the other direction. The
// present value is accepted both ways.
[[nodiscard]] Result<void> set_retention(api::Context& context, const StreamRef& ref,
                                         std::int32_t hours, RetentionChange change);

}  // namespace millrace::kinesis
