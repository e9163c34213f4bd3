// What belongs to an account rather than to a stream: its billing commitment.
//
// Thread-safe. Source: UpdateAccountSettings and DescribeAccountSettings, Kinesis API reference.

#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "base/clock.h"
#include "base/error.h"
#include "base/scope.h"
#include "base/time_point.h"
#include "storage/engine.h"
#include "storage/row_listeners.h"
#include "storage/spaces.h"

namespace millrace::streams {

inline constexpr std::chrono::hours kCommitmentTerm{24};

enum class CommitmentStatus : std::uint8_t { kDisabled, kEnabled, kEnabledUntilEarliestEnd };

[[nodiscard]] std::string_view to_text(CommitmentStatus status);

// The minimum throughput billing commitment, as a function of what was asked for and now.
struct Commitment {
  std::optional<TimePoint> started_at;
  std::optional<TimePoint>
      disabled_at;  // When its end was asked for; it never ends before its term.

  [[nodiscard]] TimePoint earliest_end() const { return *started_at + kCommitmentTerm; }
  [[nodiscard]] std::optional<TimePoint> end() const;
  [[nodiscard]] CommitmentStatus status_at(TimePoint now) const;
  [[nodiscard]] bool is_in_force(TimePoint now) const {
    return status_at(now) != CommitmentStatus::kDisabled;
  }

  void enable(TimePoint now);
  void disable(TimePoint now);
};

// The row of a commitment: its key is 'a', account, region.
namespace rows {

inline constexpr storage::RowSpace kAccounts{storage::Tenant::kStreams, 'a'};

[[nodiscard]] std::string account_row_key(const Scope& scope);
// Returns nullopt if it is no such key.
[[nodiscard]] std::optional<Scope> parse_account_row_key(std::string_view key);

[[nodiscard]] std::string encode(const Commitment& commitment);
[[nodiscard]] std::optional<Commitment> decode_commitment(std::string_view value);

}  // namespace rows

// What rows say of accounts: it is changed by writing a row, and heard from there.
class Accounts {
 public:
  // Loads what the store holds. `engine` and `clock` outlive it.
  [[nodiscard]] static Result<std::unique_ptr<Accounts>> open(storage::Engine& engine,
                                                              const Clock& clock,
                                                              const storage::Fence& fence = {});

  // The account's settings hold in one region.
  [[nodiscard]] Commitment commitment(const Scope& scope) const;

  // Adds to `batch` what takes away the rows of all of which `is_meant` says so, if they are as
  // they stand. Errors: the engine's.
  Result<void> add_removal(storage::TableBatch& batch,
                           const std::function<bool(const Scope&)>& is_meant) const;

  // Returns what it is afterwards, and the ticket of the write. Errors: the engine's.
  Result<std::pair<Commitment, storage::Ticket>> set_commitment(const Scope& scope,
                                                                bool is_enabled);

 private:
  Accounts(storage::Engine& engine, const Clock& clock, storage::Fence fence)
      : engine_(engine), clock_(clock), fence_(std::move(fence)) {}

  // Takes over what a row says. Returns false if it is damaged.
  bool hear(std::string_view key, const std::optional<std::string_view>& value);

  storage::Engine& engine_;
  const Clock& clock_;
  const storage::Fence fence_;
  mutable std::mutex mutex_;  // Guards what follows; never held while writing.
  std::map<Scope, Commitment> commitments_;
  storage::RowListeners::Token heard_;  // The last, so that nothing is heard when the rest is gone.
};

}  // namespace millrace::streams
