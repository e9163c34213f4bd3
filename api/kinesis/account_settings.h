// What DescribeAccountSettings and UpdateAccountSettings both answer.

#pragma once

#include <optional>
#include <string>
#include <tuple>

#include "api/field.h"
#include "base/time_point.h"
#include "streams/accounts.h"

namespace millrace::kinesis {

struct CommitmentShape {
  std::string status;
  std::optional<TimePoint> started_at;
  std::optional<TimePoint> ended_at;
  std::optional<TimePoint> earliest_allowed_end_at;

  static constexpr auto fields = std::tuple{
      api::field("Status", &CommitmentShape::status).required(),
      api::field("StartedAt", &CommitmentShape::started_at),
      api::field("EndedAt", &CommitmentShape::ended_at),
      api::field("EarliestAllowedEndAt", &CommitmentShape::earliest_allowed_end_at),
  };
};

struct AccountSettings {
  CommitmentShape commitment;

  static constexpr auto fields = std::tuple{
      api::field("MinimumThroughputBillingCommitment", &AccountSettings::commitment),
  };
};

[[nodiscard]] AccountSettings to_shape(const streams::Commitment& commitment, TimePoint now);

}  // namespace millrace::kinesis
