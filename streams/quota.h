// The service's limits on load: calls a second, throughput of a shard, changes a day.
//
// Off by default: a test that runs fast must not be throttled. `observe` counts what would have
// been refused, `enforce` refuses it. Thread-safe. All of it is in memory: a restart begins anew.
//
// Source: Kinesis developer guide, "Quotas and limits"; each operation's page in the API reference.

#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>

#include "base/clock.h"
#include "base/time_point.h"
#include "storage/engine.h"

namespace millrace::streams {

enum class LimitsMode : std::uint8_t { kOff, kObserve, kEnforce };

// Fills at a constant rate up to its size. More than it holds may be taken: then it is in debt, and
// nothing passes until that is filled up.
class TokenBucket {
 public:
  TokenBucket(double size, double per_second) : size_(size), per_second_(per_second), held_(size) {}

  [[nodiscard]] bool has(double amount, TimePoint now);
  void take(double amount) { held_ -= amount; }
  void set(double held) { held_ = held; }
  [[nodiscard]] bool is_full(TimePoint now) const { return held_at(now) >= size_; }
  // Returns the first moment at which it holds `amount`, if nothing is taken until then; it may be
  // past.
  [[nodiscard]] TimePoint time_of(double amount) const;

 private:
  [[nodiscard]] double held_at(TimePoint now) const;

  double size_;
  double per_second_;
  double held_;
  TimePoint filled_at_{};
};

// What may be done so many times in 24 hours, for one stream.
enum class DailyUse : std::uint8_t {
  kUpdateShardCount,
  kModeSwitch,
  kEncryptionStart,
  kEncryptionStop
};

[[nodiscard]] std::size_t daily_max(DailyUse use);

class Quotas {
 public:
  // `on_exceeded(limit)` is called for each thing over a limit, whether it is refused or not.
  Quotas(LimitsMode mode, const Clock& clock, std::function<void(std::string_view)> on_exceeded)
      : mode_(mode), clock_(clock), on_exceeded_(std::move(on_exceeded)) {}

  [[nodiscard]] bool is_off() const { return mode_ == LimitsMode::kOff; }

  // Each says whether it may happen, and counts it if so.

  // One call of what `subject` names: an account's or a stream's operation.
  [[nodiscard]] bool call(std::string_view subject, double per_second);
  // One record: 1,000 a second and 1 MiB of data and keys a second. One of more than 1 MiB passes
  // while anything is left, as the service's large records do, and the shard owes the rest.
  [[nodiscard]] bool put(storage::LogId log, std::size_t bytes, TimePoint now);
  // One GetRecords: 5 a second and 2 MiB a second, told afterwards by has_read().
  [[nodiscard]] bool read(storage::LogId log);
  void has_read(storage::LogId log, std::size_t bytes);
  // One event with records for `subject`, a consumer of a shard: 2 MiB a second. Returns when it
  // may be sent: `now`, and then it counts, or the moment at which to ask again. An event passes
  // while anything is left, and later ones wait for the rest. The service says 2 MB/s; it is as
  // much as for read().
  [[nodiscard]] TimePoint push(std::string_view subject, std::size_t bytes, TimePoint now);
  [[nodiscard]] bool daily(std::uint32_t stream_id, DailyUse use);

  // A count that a request would bring to `count`.
  [[nodiscard]] bool count(std::string_view limit, std::size_t count, std::size_t max);

 private:
  struct Shard {
    TokenBucket put_records;
    TokenBucket put_bytes;
    TokenBucket read_calls;
    TokenBucket read_bytes;
    Shard();
  };

  [[nodiscard]] bool decide(std::string_view limit, bool is_within);
  Shard& shard(storage::LogId log, TimePoint now);
  // The bucket of `subject`, which holds as much as it gets in a second.
  TokenBucket& bucket(std::string_view subject, double per_second, TimePoint now);

  const LimitsMode mode_;
  const Clock& clock_;
  const std::function<void(std::string_view)> on_exceeded_;
  std::mutex mutex_;  // Guards what follows.
  std::unordered_map<storage::LogId, Shard> shards_;
  std::map<std::string, TokenBucket, std::less<>> buckets_;  // By subject, of call() and push().
  std::map<std::pair<std::uint32_t, DailyUse>, std::deque<TimePoint>> daily_;
};

}  // namespace millrace::streams
