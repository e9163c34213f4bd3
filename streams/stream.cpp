#include "streams/stream.h"

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <memory_resource>
#include <mutex>
#include <shared_mutex>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "base/error.h"
#include "base/time_point.h"
#include "base/try.h"
#include "base/uint128.h"
#include "storage/batch.h"
#include "storage/engine.h"
#include "streams/errors.h"
#include "streams/on_demand.h"
#include "streams/quota.h"
#include "streams/record.h"
#include "streams/sequence_number.h"
#include "streams/shard_map.h"
#include "streams/stream_facts.h"
#include "streams/surroundings.h"

namespace millrace::streams {
namespace {

// The records of one put that go to one shard, or are left out because it has taken its share.
struct ShardPart {
  const Shard* shard = nullptr;
  bool is_throttled = false;
  std::vector<std::uint32_t> places;  // In the put, in order.
  std::size_t bytes = 0;              // Data and keys.
  storage::Batch batch;
};

// Gathers the records of one put by shard. A small hash table, because a put of 500 may meet one
// shard or 500.
class ShardParts {
 public:
  explicit ShardParts(std::size_t record_count) : slots_(std::bit_ceil(4 * record_count), kFree) {}

  ShardPart& of(const Shard& shard, bool is_throttled) {
    const std::size_t mask = slots_.size() - 1;
    for (std::size_t slot = 2 * std::size_t{shard.index} + (is_throttled ? 1 : 0);; ++slot) {
      std::uint32_t& number = slots_[slot & mask];
      if (number == kFree) {
        number = static_cast<std::uint32_t>(parts_.size());
        parts_.push_back({&shard, is_throttled, {}, 0, {}});
      }
      ShardPart& part = parts_[number];
      if (part.shard == &shard && part.is_throttled == is_throttled) return part;
    }
  }

  [[nodiscard]] std::vector<ShardPart>& all() { return parts_; }

 private:
  static constexpr std::uint32_t kFree = ~std::uint32_t{0};

  std::vector<std::uint32_t> slots_;  // At most a quarter is taken, by numbers of parts.
  std::vector<ShardPart> parts_;
};

// `may_take(shard, bytes)` says for each record whether its shard has room for it. Where keys do
// not route, the open shards take the records in turn.
template <class MayTake>
ShardParts gather(const StreamState& state, std::span<const NewRecord> records,
                  std::uint32_t first_turn, MayTake may_take) {
  const bool is_in_turn = state.facts->settings.distribution == Distribution::kAuto;
  const auto open = is_in_turn ? state.shards->open_shards() : std::vector<const Shard*>{};
  const auto keys = is_in_turn ? std::vector<uint128>{} : hash_keys(records);
  ShardParts parts(records.size());
  for (std::uint32_t i = 0; i < records.size(); ++i) {
    const Shard& shard =
        is_in_turn ? *open[(first_turn + i) % open.size()] : state.shards->route(keys[i]);
    const std::size_t bytes = records[i].size_bytes();
    ShardPart& part = parts.of(shard, !may_take(shard, bytes));
    part.places.push_back(i);
    part.bytes += bytes;
  }
  return parts;
}

SequenceNumber number_of(const Shard& shard, storage::Position position, TimePoint arrival) {
  SequenceNumber number;
  number.creation_second = shard.creation_second;
  number.shard_index = shard.index;
  number.index = position + 1;
  number.second = std::max(seconds_of(arrival), shard.creation_second);
  return number;
}

// Copies what is read, as many entries at a time as come together.
class RecordCollector {
 public:
  RecordCollector(const Shard& shard, const ReadLimits& limits, ReadResult& result)
      : shard_(shard), limits_(limits), result_(result) {
    result_.memory = std::make_unique<std::pmr::monotonic_buffer_resource>(kBytesExpected);
  }

  // Returns how many of them were taken: not all if one no longer fits, or is damaged.
  std::uint32_t add(const storage::Entries& entries) {
    if (result_.records.size() == limits_.count_max) return 0;
    if (result_.records.empty()) {
      result_.records.reserve(std::min(limits_.count_max, kBatchesExpected * entries.count));
    }
    const std::size_t had = result_.records.size();
    std::string_view rest = entries.body;
    std::uint32_t taken = 0;
    while (taken < entries.count && result_.records.size() < limits_.count_max) {
      std::string_view behind = rest;
      const auto bytes = decode_record(storage::take_entry(behind));
      is_damaged_ = !bytes;
      if (is_damaged_) break;
      const std::size_t size = bytes->partition_key.value_or("").size() + bytes->data.size();
      if (!result_.records.empty() && result_.size_bytes + size > limits_.bytes_max) break;
      result_.size_bytes += size;
      Record& record = result_.records.emplace_back();
      record.number = number_of(shard_, entries.first + taken, entries.arrival);
      record.arrival = entries.arrival;
      record.partition_key = bytes->partition_key;
      record.data = bytes->data;
      record.is_encrypted = bytes->is_encrypted;
      rest = behind;
      ++taken;
    }
    if (taken > 0) keep(had, entries.body.substr(0, entries.body.size() - rest.size()));
    return taken;
  }

  [[nodiscard]] bool is_damaged() const { return is_damaged_; }

 private:
  // Copies `lent`, and has the records behind the first `had` point into the copy instead.
  void keep(std::size_t had, std::string_view lent) {
    auto* const copy = static_cast<char*>(result_.memory->allocate(lent.size(), 1));
    lent.copy(copy, lent.size());
    const auto kept = [&](std::string_view part) {
      return std::string_view(copy + (part.data() - lent.data()), part.size());
    };
    for (Record& record : std::span(result_.records).subspan(had)) {
      if (record.partition_key) record.partition_key = kept(*record.partition_key);
      record.data = kept(record.data);
    }
  }

  // For more of them room is made as they come.
  static constexpr std::size_t kBatchesExpected = 8;
  static constexpr std::size_t kBytesExpected = 16UL << 10U;

  const Shard& shard_;
  const ReadLimits& limits_;
  ReadResult& result_;
  bool is_damaged_ = false;
};

}  // namespace

Stream::Stream(std::shared_ptr<Surroundings> surroundings, StreamState state)
    : surroundings_(std::move(surroundings)),
      engine_(surroundings_->engine),
      clock_(surroundings_->clock),
      quotas_(surroundings_->quotas),
      id_(state.facts->id),
      load_(surroundings_->options.load_window),
      state_(std::move(state)),
      was_creating_(state_.facts->status_at(clock_.now()) == StreamStatus::kCreating) {}

StreamState Stream::state() const {
  const std::lock_guard lock(state_mutex_);
  return state_;
}

void Stream::hear(StreamState state) {
  const std::lock_guard lock(state_mutex_);
  state_ = std::move(state);
}

storage::LogId Stream::log(std::uint32_t shard_index) const { return log_of(id_, shard_index); }

Result<PutReceipt> Stream::put(std::span<const NewRecord> records, storage::When when) {
  const std::shared_lock gate(gate_);
  const StreamState state = this->state();
  const TimePoint now = clock_.now();
  const StreamStatus status = state.facts->status_at(now);
  if (status != StreamStatus::kActive && status != StreamStatus::kUpdating) {
    return std::unexpected(stream_not_found(state.facts->key));
  }
  const StreamSettings& settings = state.facts->settings;
  PutReceipt receipt;
  receipt.is_encrypted = settings.kms_key_id.has_value();

  const auto count = static_cast<std::uint32_t>(records.size());
  ShardParts routed = gather(state, records, next_turn_.fetch_add(count),
                             [&](const Shard& shard, std::size_t bytes) {
                               return quotas_.put(log(shard.index), bytes, now);
                             });
  std::vector<storage::LogBatch> batches;
  batches.reserve(routed.all().size());
  for (ShardPart& part : routed.all()) {
    if (part.is_throttled) continue;
    part.batch.reserve(part.places.size(),
                       part.bytes + part.places.size() * kRecordOverheadBytesMax);
    for (const std::uint32_t place : part.places) {
      append_record(part.batch, records[place], receipt.is_encrypted);
    }
    batches.push_back({log(part.shard->index), &part.batch});
  }
  storage::Receipt committed;
  if (!batches.empty()) {
    auto appended = TRY(engine_.append(batches, now, when));
    committed = std::move(appended);
  }

  receipt.ticket = committed.ticket;
  receipt.parts.reserve(routed.all().size());
  std::uint64_t records_in = 0;
  std::uint64_t bytes_in = 0;
  auto given = committed.appended.begin();
  for (ShardPart& part : routed.all()) {
    PutPart& put = receipt.parts.emplace_back();
    put.shard_index = part.shard->index;
    put.is_throttled = part.is_throttled;
    if (!part.is_throttled) {
      put.first = number_of(*part.shard, given->first, given->arrival);
      ++given;
      records_in += part.places.size();
      bytes_in += part.bytes;
      if (settings.mode == StreamMode::kOnDemand) {
        load_.add(part.shard->index, {part.bytes, part.places.size()}, now);
      }
    }
    put.places = std::move(part.places);
  }
  meter_.add_in(records_in, bytes_in);
  return receipt;
}

Result<storage::Position> Stream::skip_expired(const StreamFacts& facts, std::uint32_t shard_index,
                                               storage::Position from) const {
  const auto bounds = TRY(engine_.bounds(log(shard_index)));
  from = std::max(from, bounds.begin);
  const TimePoint horizon = facts.horizon_at(clock_.now());
  // No record is older. (One may be older than `created_at`, which is that of the first shards'
  // numbers and ahead of the clock where a stream is made again at once.)
  if (horizon <= facts.active_at) return from;
  return engine_.position_at(log(shard_index), from, horizon);
}

Result<ReadResult> Stream::read(std::uint32_t shard_index, const ReadFrom& from,
                                const ReadLimits& limits) const {
  const StreamState state = this->state();
  const Shard* shard = state.shards->find(shard_index);
  if (shard == nullptr) {
    return std::unexpected(shard_does_not_exist(shard_id(shard_index), state.facts->key));
  }
  const auto bounds = TRY(engine_.bounds(log(shard_index)));
  const bool is_by_position = from.kind == ReadFrom::Kind::kPosition;
  auto start = skip_expired(*state.facts, shard_index, is_by_position ? from.position : 0);
  if (start && from.kind == ReadFrom::Kind::kTime) {
    start = engine_.position_at(log(shard_index), *start, from.time);
  }
  if (!start) return std::unexpected(start.error());

  ReadResult result;
  RecordCollector collector(*shard, limits, result);
  storage::Position next = std::max(*start, bounds.published);
  const auto done = engine_.read(log(shard_index), *start, bounds.published,
                                 [&](const storage::Entries& entries) {
                                   const std::uint32_t taken = collector.add(entries);
                                   if (taken == entries.count) return true;
                                   next = entries.first + taken;
                                   return false;
                                 });
  if (!done) return std::unexpected(done.error());
  if (collector.is_damaged()) return fail(kInternalFailure, "A stored record is damaged.");

  result.next = {ReadFrom::Kind::kPosition, next, {}};
  const bool has_more = next < bounds.published;
  if (has_more && !result.records.empty()) {
    const auto lag = millis_of(bounds.last_arrival) - millis_of(result.records.back().arrival);
    result.millis_behind = std::max<std::int64_t>(lag, 1);
  }
  result.is_at_end = shard->end && next >= shard->end->position;
  // A reader that waits for a moment to come goes on waiting for it.
  const bool is_waiting = from.kind == ReadFrom::Kind::kTime && result.records.empty();
  if (is_waiting && !result.is_at_end) result.next = from;
  return result;
}

Result<storage::Position> Stream::latest(std::uint32_t shard_index) const {
  const auto bounds = TRY(engine_.bounds(log(shard_index)));
  return bounds.published;
}

Result<storage::Position> Stream::position_of(const Shard& shard, const SequenceNumber& number,
                                              bool after) const {
  if (number.index == 0) return storage::Position{0};
  const auto end = TRY(latest(shard.index));
  const storage::Position position = number.index - 1;
  if (position >= end) return end;
  bool is_passed = after;  // Whether the record at `position`, if any, lies before what is wanted.
  const auto read =
      engine_.read(log(shard.index), position, position + 1, [&](const storage::Entries& entries) {
        const SequenceNumber stored = number_of(shard, entries.first, entries.arrival);
        is_passed = after ? stored.second <= number.second : stored.second < number.second;
        return false;
      });
  if (!read) return std::unexpected(read.error());
  return is_passed ? position + 1 : position;
}

std::int64_t Stream::newest_second() const {
  const StreamState state = this->state();
  std::int64_t newest = seconds_of(clock_.now());
  for (const Shard& shard : state.shards->shards()) {
    newest = std::max(newest, shard.end ? shard.end->second : shard.creation_second);
  }
  return newest;
}

}  // namespace millrace::streams
