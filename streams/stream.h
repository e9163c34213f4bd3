// One stream: routes and appends records, reads them back.
//
// Thread-safe. What is known of the stream is an immutable snapshot that is switched as a whole, so
// every reader sees shards that fit together. The gate keeps puts and reshards apart: a put holds
// it shared from routing until its positions are given, a reshard holds it alone
// (docs/internals/locks.md).

#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <memory_resource>
#include <mutex>
#include <optional>
#include <shared_mutex>
#include <span>
#include <vector>

#include "base/clock.h"
#include "base/error.h"
#include "storage/engine.h"
#include "storage/spaces.h"
#include "streams/on_demand.h"
#include "streams/quota.h"
#include "streams/record.h"
#include "streams/sequence_number.h"
#include "streams/shard_map.h"
#include "streams/stream_facts.h"
#include "streams/stream_meter.h"

namespace millrace::streams {

// A stream as it stood at one moment.
struct StreamState {
  std::shared_ptr<const StreamFacts> facts;
  std::shared_ptr<const ShardMap> shards;
};

// The log that holds a shard's records. `shard_index` is below storage::kPartsMax.
[[nodiscard]] constexpr storage::LogId log_of(std::uint32_t stream_id, std::uint32_t shard_index) {
  return storage::log_id(storage::Tenant::kStreams, stream_id, shard_index);
}

// What became of those records of one put that a shard took, or had no room for.
struct PutPart {
  std::uint32_t shard_index = 0;
  bool is_throttled = false;          // The shard has taken its share; the records are not stored.
  std::vector<std::uint32_t> places;  // In the put, in order.
  SequenceNumber first;               // Of the first of them; the others follow without a gap.
};
struct PutReceipt {
  std::vector<PutPart> parts;  // Each record of the put in exactly one.
  storage::Ticket ticket = 0;
  bool is_encrypted = false;
};

// Where in a shard a reader stands.
struct ReadFrom {
  enum class Kind : std::uint8_t {  // In iterators: do not renumber.
    kTrimHorizon = 0,               // The oldest record that is readable when it is read.
    kPosition = 1,
    kTime = 2,  // The first record that arrived at `time` or later.
  };
  Kind kind = Kind::kTrimHorizon;
  storage::Position position = 0;
  TimePoint time{};
};

struct ReadLimits {
  std::size_t count_max = 10000;
  std::size_t bytes_max =
      10UL << 20U;  // Data and partition keys; one record is given whatever its size.
};

struct ReadResult {
  std::vector<Record> records;  // Views into `memory`.
  std::unique_ptr<std::pmr::monotonic_buffer_resource> memory;
  std::size_t size_bytes = 0;  // Of their data and partition keys.
  ReadFrom next;
  std::int64_t millis_behind = 0;  // How far the last record given lies behind the newest one.
  bool is_at_end = false;          // The shard is closed and everything in it has been read.
};

class Stream {
 public:
  Stream(storage::Engine& engine, const Clock& clock, Quotas& quotas,
         std::chrono::seconds load_window, StreamState state);

  [[nodiscard]] StreamState state() const;

  // Puts `records`, of which each becomes visible as soon as the ticket is durable. Records of one
  // call that go to the same shard get consecutive numbers, in order. Those above what their shard
  // takes a second are left out, where quotas are enforced.
  //
  // Errors: stream_not_found unless the stream takes records; the engine's, and nothing is stored
  // then.
  Result<PutReceipt> put(std::span<const NewRecord> records, storage::When when);

  // Reads records in order. Expired ones are passed over. Errors: shard_does_not_exist; the
  // engine's.
  Result<ReadResult> read(std::uint32_t shard_index, const ReadFrom& from,
                          const ReadLimits& limits) const;

  // The position behind the newest record. Errors: the engine's.
  Result<storage::Position> latest(std::uint32_t shard_index) const;

  // The position of the first record numbered `number` or higher, or strictly higher with `after`.
  // A number beyond the end gives the end. Errors: the engine's.
  Result<storage::Position> position_of(const Shard& shard, const SequenceNumber& number,
                                        bool after) const;

  // What has come and gone; readers note what they were given.
  [[nodiscard]] StreamMeter& meter() const { return meter_; }

  // The newest second any number of this stream has used; the clock may be behind it.
  [[nodiscard]] std::int64_t newest_second() const;

 private:
  friend class Catalogue;

  [[nodiscard]] storage::LogId log(std::uint32_t shard_index) const;
  // The first position that is still readable, from `from` on.
  Result<storage::Position> skip_expired(const StreamFacts& facts, std::uint32_t shard_index,
                                         storage::Position from) const;
  void switch_to(StreamState state);

  storage::Engine& engine_;
  const Clock& clock_;
  Quotas& quotas_;
  const std::uint32_t id_;
  mutable StreamMeter meter_;
  LoadMeter load_;                           // Of an on-demand stream.
  std::atomic<std::uint32_t> next_turn_{0};  // Which open shard an AUTO stream's next record takes.
  mutable std::mutex state_mutex_;
  StreamState state_;
  std::atomic<bool> was_creating_{false};  // As far as the catalogue's listener knows.
  std::shared_mutex gate_;
  std::mutex change_mutex_;  // One change of the stream's facts or shards at a time; taken before
                             // the gate.
};

}  // namespace millrace::streams
