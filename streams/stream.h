// One stream: routes and appends records, reads them back, and changes.
//
// Thread-safe. What is known of the stream is an immutable snapshot that is switched as a whole, so
// every reader sees shards that fit together. It says what the stream's rows say: a change writes
// them, in one table batch that expects what the snapshot knows, and the catalogue, which hears of
// rows, switches the snapshot. The gate keeps puts and reshards apart: a put holds it shared from
// routing until its positions are given, a reshard holds it alone (docs/internals/locks.md).
//
// A transition that takes time is stored with the moment it is due and carried out by whoever looks
// at the stream first after that, so that a crash loses none.

#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <memory_resource>
#include <mutex>
#include <optional>
#include <shared_mutex>
#include <span>
#include <vector>

#include "base/clock.h"
#include "base/error.h"
#include "base/time_point.h"
#include "storage/engine.h"
#include "storage/spaces.h"
#include "streams/dropped_shards.h"
#include "streams/on_demand.h"
#include "streams/quota.h"
#include "streams/record.h"
#include "streams/sequence_number.h"
#include "streams/shard_map.h"
#include "streams/stream_facts.h"
#include "streams/stream_meter.h"
#include "streams/surroundings.h"

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

// In which states a stream may be changed.
enum class Allowed : std::uint8_t { kActive, kActiveOrUpdating, kNotDeleting };

class Stream {
 public:
  // Shares `surroundings` with the others, because a subscription may hold a stream for longer than
  // the catalogue lives.
  Stream(std::shared_ptr<Surroundings> surroundings, StreamState state);

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

  // Changes. Each returns the ticket of its write, and what is due after it is carried out at once.

  // `plan` looks at the facts and the shards and returns the steps, which may be none. Errors:
  // stream_not_active, stream_is_on_demand, then the plan's.
  using Plan = std::function<Result<std::vector<Reshard>>(const StreamState&)>;
  Result<storage::Ticket> reshard(const Plan& plan);

  // `change` edits the settings that the stream has once it is ACTIVE again; where it leaves them
  // as they are nothing happens. Errors: stream_not_active, then the change's own.
  using SettingsChange = std::function<Result<void>(const StreamFacts&, StreamSettings&)>;
  Result<storage::Ticket> update(const SettingsChange& change);

  // `change` edits a copy of the facts, which shows at once. Errors: stream_not_active, then the
  // change's own.
  using Change = std::function<Result<void>(StreamFacts&)>;
  Result<storage::Ticket> change(Allowed allowed, const Change& change);

  // Changes nothing if the stream is being deleted already. Errors: stream_has_consumers unless
  // `with_consumers`; the engine's.
  Result<storage::Ticket> remove(bool with_consumers);

  // Has whoever waits on a shard of the stream look again: something it depends on has changed.
  void wake_readers() const;

  // What time does to it, for whoever looks at it: the catalogue, before it gives the stream out.

  [[nodiscard]] bool has_something_due() const;
  // Whether its deletion is due, even if that could not be written yet.
  [[nodiscard]] bool is_gone() const;
  // Carries out what is due. Errors: the engine's; whoever looks next tries again.
  Result<void> carry_out_due();
  // Tells of a stream that was CREATING and no longer is.
  void note_end_of_creating();
  // Moves the trim points to where retention has them and forgets shards that have expired. What
  // fails now is tried again by the next call; reads never depend on it.
  void expire();

  // What its rows say from now on; and that they are gone: it is as one whose deletion is due.
  void hear(StreamState state);
  void hear_end();

  // Its end, whatever state it is in: adds to `batch` what takes its rows away, if they are as this
  // stream knows them; and, once that is written and heard of, waits until no put is on its way and
  // tells of the end. Returns the logs that may be dropped then.
  void add_removal(storage::TableBatch& batch) const;
  DroppedShards finish_removal();

 private:
  [[nodiscard]] storage::LogId log(std::uint32_t shard_index) const;
  // The first position that is still readable, from `from` on.
  Result<storage::Position> skip_expired(const StreamFacts& facts, std::uint32_t shard_index,
                                         storage::Position from) const;

  // These are called with change_mutex_ held.
  Result<storage::Ticket> change_locked(Allowed allowed, const Change& change);
  Result<storage::Ticket> reshard_locked(const Plan& plan);
  Result<storage::Ticket> update_locked(const SettingsChange& change);
  Result<storage::Ticket> begin_update(PendingUpdate update);
  Result<void> grow();
  Result<void> apply(const StreamFacts& facts, const std::vector<Reshard>& steps, TimePoint due);
  Result<void> carry_out_removal();
  Result<void> trim_expired();
  Result<void> forget_expired_shards();
  // Carries out what is due already after a change, or has whoever waits on a shard look when it
  // is. What fails is tried again by whoever looks next. Called without the lock.
  void carry_out_at_once();

  [[nodiscard]] Result<ShardEnd> end_of(const Shard& shard, TimePoint due) const;
  // A change of rows that is made only if they are still as this stream knows them; one that
  // begins with the stream's own.
  [[nodiscard]] storage::TableBatch begin_batch() const;
  [[nodiscard]] storage::TableBatch begin_change(StreamFacts facts) const;

  const std::shared_ptr<Surroundings> surroundings_;
  storage::Engine& engine_;
  const Clock& clock_;
  Quotas& quotas_;
  const std::uint32_t id_;
  mutable StreamMeter meter_;
  LoadMeter load_;                           // Of an on-demand stream.
  std::atomic<std::uint32_t> next_turn_{0};  // Which open shard an AUTO stream's next record takes.
  mutable std::mutex state_mutex_;
  StreamState state_;
  std::atomic<bool> was_creating_;  // As far as the listener of transitions knows.
  std::atomic<bool> is_removed_{false};
  std::shared_mutex gate_;
  std::mutex change_mutex_;  // One change of the stream's facts or shards at a time; taken before
                             // the gate.
};

using StreamPointer = std::shared_ptr<Stream>;

}  // namespace millrace::streams
