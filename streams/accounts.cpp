#include "streams/accounts.h"

#include <algorithm>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>

#include "base/bytes.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/scope.h"
#include "base/time_point.h"
#include "base/try.h"
#include "storage/engine.h"
#include "storage/errors.h"
#include "storage/row_listeners.h"
#include "streams/row_codec.h"

namespace millrace::streams {
namespace {

// How often a change is made anew when somebody else was faster.
constexpr int kAttemptsMax = 10;

}  // namespace

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

namespace rows {

std::string account_row_key(const Scope& scope) {
  std::string key(kAccounts.prefix());
  append_text(key, scope.account);
  append_text(key, scope.region);
  return key;
}

std::optional<Scope> parse_account_row_key(std::string_view key) {
  if (!key.starts_with(kAccounts.prefix())) return std::nullopt;
  ByteReader reader(key.substr(kAccounts.prefix().size()));
  std::string account(reader.take_text());
  std::string region(reader.take_text());
  if (!is_whole(reader)) return std::nullopt;
  return Scope{std::move(account), std::move(region)};
}

std::string encode(const Commitment& commitment) {
  std::string out;
  put_number(out, kVersion);
  put_optional(out, commitment.started_at, [&](TimePoint at) { put_time(out, at); });
  put_optional(out, commitment.disabled_at, [&](TimePoint at) { put_time(out, at); });
  return out;
}

std::optional<Commitment> decode_commitment(std::string_view value) {
  ByteReader reader(value);
  if (reader.take<std::uint8_t>() != kVersion) return std::nullopt;
  Commitment commitment;
  commitment.started_at = take_optional(reader, [&] { return take_time(reader); });
  commitment.disabled_at = take_optional(reader, [&] { return take_time(reader); });
  if (!is_whole(reader)) return std::nullopt;
  return commitment;
}

}  // namespace rows

Result<std::unique_ptr<Accounts>> Accounts::open(storage::Engine& engine, const Clock& clock,
                                                 const storage::Fence& fence) {
  std::unique_ptr<Accounts> accounts(new Accounts(engine, clock, fence));
  bool is_damaged = false;
  TRY(engine.scan(rows::kAccounts.prefix(), [&](std::string_view key, std::string_view value) {
    is_damaged = !accounts->hear(key, value);
    return !is_damaged;
  }));
  if (is_damaged) return rows::damaged();
  accounts->heard_ =
      engine.on_rows([own = accounts.get()](std::span<const storage::RowChange> changes) {
        for (const auto& [key, value] : changes) {
          if (key.starts_with(rows::kAccounts.prefix())) std::ignore = own->hear(key, value);
        }
      });
  return accounts;
}

bool Accounts::hear(std::string_view key, const std::optional<std::string_view>& value) {
  auto scope = rows::parse_account_row_key(key);
  const auto commitment = rows::decode_commitment(value.value_or(std::string_view{}));
  if (!scope || (value && !commitment)) return false;
  const std::lock_guard lock(mutex_);
  if (value) {
    commitments_.insert_or_assign(std::move(*scope), *commitment);
  } else {
    commitments_.erase(*scope);
  }
  return true;
}

Commitment Accounts::commitment(const Scope& scope) const {
  const std::lock_guard lock(mutex_);
  const auto found = commitments_.find(scope);
  return found == commitments_.end() ? Commitment{} : found->second;
}

Result<void> Accounts::add_removal(storage::TableBatch& batch,
                                   const std::function<bool(const Scope&)>& is_meant) const {
  return engine_.scan(rows::kAccounts.prefix(), [&](std::string_view key, std::string_view value) {
    const auto scope = rows::parse_account_row_key(key);
    if (scope && is_meant(*scope)) {
      batch.expect(std::string(key), std::string(value));
      batch.remove(std::string(key));
    }
    return true;
  });
}

Result<std::pair<Commitment, storage::Ticket>> Accounts::set_commitment(const Scope& scope,
                                                                        bool is_enabled) {
  const std::string key = rows::account_row_key(scope);
  for (int attempt = 1;; ++attempt) {
    const auto row = TRY(engine_.get(key));
    Commitment commitment =
        row ? rows::decode_commitment(*row).value_or(Commitment{}) : Commitment{};
    if (is_enabled) {
      commitment.enable(clock_.now());
    } else {
      commitment.disable(clock_.now());
    }
    storage::TableBatch batch;
    batch.expect(key, row);
    if (fence_) batch.expect(*fence_);
    batch.put(key, rows::encode(commitment));
    const auto ticket = engine_.write(batch);
    if (ticket) return std::pair{commitment, *ticket};
    const bool was_changed = ticket.error().code == storage::kConflict;
    if (!was_changed || attempt == kAttemptsMax) return std::unexpected(ticket.error());
  }
}

}  // namespace millrace::streams
