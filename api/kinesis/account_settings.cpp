#include "api/kinesis/account_settings.h"

#include "base/time_point.h"
#include "streams/accounts.h"

namespace millrace::kinesis {

AccountSettings to_shape(const streams::Commitment& commitment, TimePoint now) {
  AccountSettings settings;
  CommitmentShape& shape = settings.commitment;
  const streams::CommitmentStatus status = commitment.status_at(now);
  shape.status = streams::to_text(status);
  shape.started_at = commitment.started_at;
  if (status != streams::CommitmentStatus::kDisabled) {
    shape.earliest_allowed_end_at = commitment.earliest_end();
  } else {
    shape.ended_at = commitment.end();
  }
  return settings;
}

}  // namespace millrace::kinesis
