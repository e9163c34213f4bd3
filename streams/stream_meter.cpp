#include "streams/stream_meter.h"

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <string_view>

namespace millrace::streams {

void StreamMeter::note_read(std::string_view consumer, std::uint32_t shard_index,
                            std::uint64_t records, std::uint64_t bytes,
                            std::int64_t millis_behind) {
  records_out_.fetch_add(records, std::memory_order_relaxed);
  bytes_out_.fetch_add(bytes, std::memory_order_relaxed);
  const std::lock_guard lock(mutex_);
  auto of_consumer = millis_behind_.find(consumer);
  if (of_consumer != millis_behind_.end()) {
    const auto found = of_consumer->second.find(shard_index);
    if (found != of_consumer->second.end()) {
      found->second = millis_behind;
      return;
    }
  }
  if (readers_ == kReadersMax) return;
  millis_behind_[std::string(consumer)][shard_index] = millis_behind;
  ++readers_;
}

StreamMeter::Totals StreamMeter::totals() const {
  constexpr auto kOrder = std::memory_order_relaxed;
  return {records_in_.load(kOrder), bytes_in_.load(kOrder), records_out_.load(kOrder),
          bytes_out_.load(kOrder)};
}

std::map<std::string, std::int64_t, std::less<>> StreamMeter::millis_behind() const {
  const std::lock_guard lock(mutex_);
  std::map<std::string, std::int64_t, std::less<>> greatest;
  for (const auto& [consumer, shards] : millis_behind_) {
    std::int64_t& most = greatest[consumer];
    for (const auto& [shard, millis] : shards) most = std::max(most, millis);
  }
  return greatest;
}

void StreamMeter::forget_readers(
    const std::function<bool(std::string_view consumer, std::uint32_t shard_index)>& is_there) {
  const std::lock_guard lock(mutex_);
  for (auto& [consumer, shards] : millis_behind_) {
    readers_ -=
        std::erase_if(shards, [&](const auto& shard) { return !is_there(consumer, shard.first); });
  }
  std::erase_if(millis_behind_, [](const auto& consumer) { return consumer.second.empty(); });
}

}  // namespace millrace::streams
