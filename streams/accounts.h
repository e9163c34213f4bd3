// What belongs to an account rather than to a stream: its billing commitment.
//
// Thread-safe. Source: UpdateAccountSettings and DescribeAccountSettings, Kinesis API reference.

#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "base/clock.h"
#include "base/error.h"
#include "storage/engine.h"

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

class Accounts {
 public:
  // Loads what the store holds. `engine` and `clock` outlive it.
  [[nodiscard]] static Result<std::unique_ptr<Accounts>> open(storage::Engine& engine,
                                                              const Clock& clock);

  // The account's settings hold in one region.
  [[nodiscard]] Commitment commitment(std::string_view account, std::string_view region) const;

  // What it is afterwards, and the ticket of the write.
  Result<std::pair<Commitment, storage::Ticket>> set_commitment(const std::string& account,
                                                                const std::string& region,
                                                                bool is_enabled);

 private:
  Accounts(storage::Engine& engine, const Clock& clock) : engine_(engine), clock_(clock) {}

  using Key = std::pair<std::string, std::string>;  // Account, region.

  storage::Engine& engine_;
  const Clock& clock_;
  mutable std::mutex mutex_;
  std::map<Key, Commitment> commitments_;
};

}  // namespace millrace::streams
