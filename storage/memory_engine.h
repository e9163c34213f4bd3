// An engine for tests: everything in maps, with the freedoms the contract leaves an engine.
//
// Positions have random gaps. With `Completion::kByHand` a commit stays unpublished and not durable
// until complete() is called, as under --fsync always before the sync.

#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>
#include <map>
#include <mutex>
#include <optional>
#include <random>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/time_point.h"
#include "storage/engine.h"

namespace millrace::storage {

class MemoryEngine final : public Engine {
 public:
  enum class Completion : std::uint8_t { kAtOnce, kByHand };

  explicit MemoryEngine(std::uint64_t seed, Completion completion = Completion::kAtOnce)
      : completion_(completion), random_(seed) {}

  // What the checkpoint at `origin.place` of `source` holds.
  MemoryEngine(MemoryEngine& source, const Origin& origin);

  // Publishes and makes durable all that was appended so far.
  void complete();

  // From now on writes fail with `error`, so many of them; with nothing they work again.
  void fail_writes(std::optional<Error> error,
                   std::size_t times = std::numeric_limits<std::size_t>::max());

  Result<Receipt> append(std::span<const LogBatch> batches, TimePoint now, When when) override;
  void commit() override;
  Result<void> read(LogId log, Position from, Position end, const Visitor& visit) const override;
  Result<Bounds> bounds(LogId log) const override;
  Result<Position> position_at(LogId log, Position from, TimePoint time) const override;
  Result<void> trim(std::span<const Trim> trims) override;
  Result<void> drop(std::span<const LogId> logs) override;
  Result<std::optional<std::string>> get(std::string_view key) const override;
  Result<void> scan(std::string_view prefix, const RowVisitor& visit) const override;
  Result<Ticket> write(const TableBatch& batch) override;
  [[nodiscard]] bool is_durable(Ticket ticket) const override;
  void when_durable(Ticket ticket, std::function<void(Result<void>)> done) override;
  void on_publish(std::function<void(LogId, Position)> listener) override;
  [[nodiscard]] TimePoint newest_arrival() const override;
  [[nodiscard]] Position positions_end() const override;
  [[nodiscard]] bool has(Capability capability) const override;
  Result<void> checkpoint(const std::string& place) override;
  [[nodiscard]] Result<void> writable() const override;
  Result<void> visit_sizes(const SizeVisitor& visit) const override;
  [[nodiscard]] Usage usage() const override;

 private:
  struct Stored {
    TimePoint arrival{};
    std::string bytes;
  };
  struct Log {
    std::map<Position, Stored> entries;
    Position next = 0;
    Position published = 0;
    Position trimmed = 0;
    TimePoint last_arrival{};
  };
  struct Contents {
    std::map<LogId, Log> logs;
    std::map<std::string, std::string, std::less<>> rows;
  };

  // Counts one write. Errors: what fail_writes() has set.
  [[nodiscard]] Result<void> begin_write();

  struct Waiter {
    Ticket ticket;
    std::function<void(Result<void>)> done;
  };

  const Completion completion_;
  mutable std::mutex mutex_;
  std::mt19937_64 random_;
  std::map<LogId, Log> logs_;
  std::map<std::string, std::string, std::less<>> rows_;
  std::map<std::string, Contents> checkpoints_;
  std::optional<Error> write_error_;
  std::size_t failures_left_ = 0;
  TimePoint newest_arrival_{};
  Position next_max_ = 0;  // No log was given this position, or a higher one.
  Ticket last_ticket_ = 0;
  Ticket durable_ = 0;
  std::vector<Waiter> waiters_;
  std::function<void(LogId, Position)> listener_;
};

}  // namespace millrace::storage
