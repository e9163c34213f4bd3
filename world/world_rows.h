// The rows of a world: tenant kWorld, then
//
//   key  value
//   'n'  its number u64: how many worlds there were before it in this store; absent in the first
//   'c'  its clock: version u8, pace (from i64 ms, at i64 ms, rate f64 as its bits, frozen u8), and
//        i64 ms up to which times were given in earlier worlds; absent while it goes by the wall
//        clock and there were none

#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/pace.h"
#include "base/time_point.h"
#include "storage/spaces.h"

namespace millrace::world::rows {

inline constexpr storage::RowSpace kNumber{storage::Tenant::kWorld, 'n'};
inline constexpr storage::RowSpace kClock{storage::Tenant::kWorld, 'c'};

[[nodiscard]] inline std::string number_key() { return std::string(kNumber.prefix()); }
[[nodiscard]] inline std::string clock_key() { return std::string(kClock.prefix()); }

struct ClockRow {
  Pace pace;
  TimePoint earlier_worlds{};
};

[[nodiscard]] std::string encode(const ClockRow& row);
[[nodiscard]] std::optional<ClockRow> decode_clock(std::string_view value);

}  // namespace millrace::world::rows
