#include "streams/accounts.h"

#include <algorithm>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "base/clock.h"
#include "base/error.h"
#include "storage/engine.h"
#include "streams/errors.h"
#include "streams/rows.h"

namespace millrace::streams {

std::string_view to_text(CommitmentStatus status) {
  switch (status) {
    case CommitmentStatus::kDisabled:
      return "DISABLED";
    case CommitmentStatus::kEnabled:
      return "ENABLED";
    case CommitmentStatus::kEnabledUntilEarliestEnd:
      return "ENABLED_UNTIL_EARLIEST_ALLOWED_END";
  }
  return "";
}

std::optional<TimePoint> Commitment::end() const {
  if (!started_at || !disabled_at) return std::nullopt;
  return std::max(*disabled_at, earliest_end());
}

CommitmentStatus Commitment::status_at(TimePoint now) const {
  if (!started_at) return CommitmentStatus::kDisabled;
  if (!disabled_at) return CommitmentStatus::kEnabled;
  return now < *end() ? CommitmentStatus::kEnabledUntilEarliestEnd : CommitmentStatus::kDisabled;
}

void Commitment::enable(TimePoint now) {
  if (!is_in_force(now)) started_at = now;
  disabled_at.reset();
}

void Commitment::disable(TimePoint now) {
  if (started_at && !disabled_at) disabled_at = now;
}

Result<std::unique_ptr<Accounts>> Accounts::open(storage::Engine& engine, const Clock& clock) {
  std::unique_ptr<Accounts> accounts(new Accounts(engine, clock));
  bool is_damaged = false;
  auto scanned =
      engine.scan(rows::kAccounts.prefix(), [&](std::string_view key, std::string_view value) {
        auto name = rows::parse_account_row_key(key);
        const auto commitment = rows::decode_commitment(value);
        is_damaged = !name || !commitment;
        if (!is_damaged) accounts->commitments_.emplace(std::move(*name), *commitment);
        return !is_damaged;
      });
  if (!scanned) return std::unexpected(scanned.error());
  if (is_damaged) return fail(kInternalFailure, "A stored row is damaged.");
  return accounts;
}

Commitment Accounts::commitment(std::string_view account, std::string_view region) const {
  const std::lock_guard lock(mutex_);
  const auto found = commitments_.find({std::string(account), std::string(region)});
  return found == commitments_.end() ? Commitment{} : found->second;
}

Result<std::pair<Commitment, storage::Ticket>> Accounts::set_commitment(const std::string& account,
                                                                        const std::string& region,
                                                                        bool is_enabled) {
  const std::lock_guard lock(mutex_);
  const Key key{account, region};
  const auto found = commitments_.find(key);
  Commitment commitment = found == commitments_.end() ? Commitment{} : found->second;
  if (is_enabled) {
    commitment.enable(clock_.now());
  } else {
    commitment.disable(clock_.now());
  }
  storage::TableBatch batch;
  batch.put(rows::account_row_key(account, region), rows::encode(commitment));
  const auto ticket = engine_.write(batch);
  if (!ticket) return std::unexpected(ticket.error());
  commitments_.insert_or_assign(key, commitment);
  return std::pair{commitment, *ticket};
}

}  // namespace millrace::streams
