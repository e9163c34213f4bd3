#include "streams/quota.h"

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <mutex>
#include <string>
#include <string_view>

#include "base/time_point.h"
#include "storage/engine.h"

namespace millrace::streams {
namespace {

constexpr double kPutRecordsPerSecond = 1000;
constexpr double kPutBytesPerSecond = 1UL << 20U;
constexpr double kReadCallsPerSecond = 5;
constexpr double kReadBytesPerSecond = 2UL << 20U;
constexpr double kAnyByte = 0.5;  // Less than one, so that rounding decides nothing.
constexpr std::size_t kReadBytesMax = 10UL << 20U;  // Of one call, which blocks the next for 5 s.
constexpr std::chrono::hours kDay{24};

// So many buckets are kept before those that are full, and so say nothing, are forgotten.
constexpr std::size_t kBucketsKept = 20'000;

}  // namespace

double TokenBucket::held_at(TimePoint now) const {
  if (now <= filled_at_) return held_;
  const std::chrono::duration<double> passed = now - filled_at_;
  return std::min(size_, held_ + passed.count() * per_second_);
}

bool TokenBucket::has(double amount, TimePoint now) {
  held_ = held_at(now);
  filled_at_ = std::max(filled_at_, now);
  return held_ >= amount;
}

TimePoint TokenBucket::time_of(double amount) const {
  const std::chrono::duration<double> wait{std::max(0.0, amount - held_) / per_second_};
  return filled_at_ + std::chrono::ceil<TimePoint::duration>(wait);
}

std::size_t daily_max(DailyUse use) {
  switch (use) {
    case DailyUse::kUpdateShardCount:
      return 10;
    case DailyUse::kModeSwitch:
      return 2;
    case DailyUse::kEncryptionStart:
    case DailyUse::kEncryptionStop:
      return 25;
  }
  return 0;
}

Quotas::Shard::Shard()
    : put_records(kPutRecordsPerSecond, kPutRecordsPerSecond),
      put_bytes(kPutBytesPerSecond, kPutBytesPerSecond),
      read_calls(kReadCallsPerSecond, kReadCallsPerSecond),
      read_bytes(kReadBytesPerSecond, kReadBytesPerSecond) {}

bool Quotas::decide(std::string_view limit, bool is_within) {
  if (!is_within) on_exceeded_(limit);
  return is_within || mode_ == LimitsMode::kObserve;
}

Quotas::Shard& Quotas::shard(storage::LogId log, TimePoint now) {
  if (shards_.size() >= kBucketsKept && !shards_.contains(log)) {
    std::erase_if(shards_, [&](const auto& entry) {
      const Shard& held = entry.second;
      return held.put_records.is_full(now) && held.put_bytes.is_full(now) &&
             held.read_calls.is_full(now) && held.read_bytes.is_full(now);
    });
  }
  return shards_.try_emplace(log).first->second;
}

TokenBucket& Quotas::bucket(std::string_view subject, double per_second, TimePoint now) {
  const auto found = buckets_.find(subject);
  if (found != buckets_.end()) return found->second;
  if (buckets_.size() >= kBucketsKept) {
    std::erase_if(buckets_, [&](const auto& entry) { return entry.second.is_full(now); });
  }
  return buckets_.emplace(std::string(subject), TokenBucket(per_second, per_second)).first->second;
}

bool Quotas::call(std::string_view subject, double per_second) {
  if (is_off()) return true;
  const TimePoint now = clock_.now();
  const std::lock_guard lock(mutex_);
  TokenBucket& calls = bucket(subject, per_second, now);
  const bool is_within = calls.has(1, now);
  if (is_within) calls.take(1);
  return decide("calls", is_within);
}

TimePoint Quotas::push(std::string_view subject, std::size_t bytes, TimePoint now) {
  if (is_off()) return now;
  const std::lock_guard lock(mutex_);
  TokenBucket& pushed = bucket(subject, kReadBytesPerSecond, now);
  const bool is_within = pushed.has(kAnyByte, now);
  if (is_within) pushed.take(static_cast<double>(bytes));
  if (decide("shard_pushes", is_within)) return now;
  return pushed.time_of(kAnyByte);
}

bool Quotas::put(storage::LogId log, std::size_t bytes, TimePoint now) {
  if (is_off()) return true;
  const std::lock_guard lock(mutex_);
  Shard& held = shard(log, now);
  const bool has_records = held.put_records.has(1, now);
  const auto size = static_cast<double>(bytes);
  const double least = size > kPutBytesPerSecond ? 1 : size;
  const bool is_within = held.put_bytes.has(least, now) && has_records;
  if (is_within) {
    held.put_records.take(1);
    held.put_bytes.take(size);
  }
  return decide("shard_writes", is_within);
}

bool Quotas::read(storage::LogId log) {
  if (is_off()) return true;
  const TimePoint now = clock_.now();
  const std::lock_guard lock(mutex_);
  Shard& held = shard(log, now);
  const bool has_calls = held.read_calls.has(1, now);
  const bool is_within = held.read_bytes.has(1, now) && has_calls;
  if (is_within) held.read_calls.take(1);
  return decide("shard_reads", is_within);
}

void Quotas::has_read(storage::LogId log, std::size_t bytes) {
  if (is_off()) return;
  const std::lock_guard lock(mutex_);
  TokenBucket& bucket = shard(log, clock_.now()).read_bytes;
  if (bytes >= kReadBytesMax) {
    bucket.set(-static_cast<double>(kReadBytesMax));
  } else {
    bucket.take(static_cast<double>(bytes));
  }
}

bool Quotas::daily(std::uint32_t stream_id, DailyUse use) {
  if (is_off()) return true;
  const TimePoint now = clock_.now();
  const std::lock_guard lock(mutex_);
  if (daily_.size() >= kBucketsKept) {
    std::erase_if(daily_, [&](const auto& entry) {
      return entry.second.empty() || entry.second.back() + kDay <= now;
    });
  }
  std::deque<TimePoint>& times = daily_[{stream_id, use}];
  while (!times.empty() && times.front() + kDay <= now) times.pop_front();
  const bool is_within = times.size() < daily_max(use);
  if (is_within) times.push_back(now);
  return decide("daily", is_within);
}

bool Quotas::count(std::string_view limit, std::size_t count, std::size_t max) {
  return is_off() || decide(limit, count <= max);
}

}  // namespace millrace::streams
