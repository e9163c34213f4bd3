// What has gone into a stream and out of it since the start of the server, and how far behind its
// readers were when they last read.

#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>

namespace millrace::streams {

// Thread-safe.
class StreamMeter {
 public:
  // Readers are noted by shard; with more than these new ones are not.
  static constexpr std::size_t kReadersMax = 10'000;

  struct Totals {
    std::uint64_t records_in = 0;
    std::uint64_t bytes_in = 0;  // Data and partition keys, as the service counts.
    std::uint64_t records_out = 0;
    std::uint64_t bytes_out = 0;
  };

  void add_in(std::uint64_t records, std::uint64_t bytes) {
    records_in_.fetch_add(records, std::memory_order_relaxed);
    bytes_in_.fetch_add(bytes, std::memory_order_relaxed);
  }

  // Notes a read of a shard that left its reader `millis_behind` the newest record. `consumer` is
  // the name of a registered one, empty for whoever calls GetRecords.
  void note_read(std::string_view consumer, std::uint32_t shard_index, std::uint64_t records,
                 std::uint64_t bytes, std::int64_t millis_behind);

  [[nodiscard]] Totals totals() const;

  // The greatest milliseconds behind of all shards that each consumer has read.
  [[nodiscard]] std::map<std::string, std::int64_t, std::less<>> millis_behind() const;

  // Forgets readers of which `is_there` says no.
  void forget_readers(
      const std::function<bool(std::string_view consumer, std::uint32_t shard_index)>& is_there);

 private:
  std::atomic<std::uint64_t> records_in_{0};
  std::atomic<std::uint64_t> bytes_in_{0};
  std::atomic<std::uint64_t> records_out_{0};
  std::atomic<std::uint64_t> bytes_out_{0};
  mutable std::mutex mutex_;  // Guards what follows.
  std::map<std::string, std::map<std::uint32_t, std::int64_t>, std::less<>> millis_behind_;
  std::size_t readers_ = 0;
};

}  // namespace millrace::streams
