#include "storage/rocksdb/reclaim.h"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <iterator>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <rocksdb/convenience.h>
#include <rocksdb/db.h>
#include <rocksdb/options.h>
#include <rocksdb/status.h>

#include "storage/engine.h"
#include "storage/rocksdb/epochs.h"
#include "storage/rocksdb/keys.h"
#include "storage/rocksdb/log_states.h"
#include "storage/rocksdb/rocksdb_store.h"

namespace millrace::storage {
namespace {

// Two memtables that are being written out (rocksdb_store.cpp), and what they became last.
constexpr Epoch kUnsettledMax = 4;

struct StoredEpoch {
  Epoch epoch;
  EpochContents alive;
};

// The keys of the batches of some epochs.
struct EpochKeys {
  EpochKeys(Epoch first, Epoch last)
      : begin(epoch_begin_key(first)), end(epoch_begin_key(last + 1)) {}
  EpochKeys(const EpochKeys&) = delete;
  EpochKeys& operator=(const EpochKeys&) = delete;
  ~EpochKeys() = default;

  const std::string begin;
  const std::string end;
  const rocksdb::Slice begin_slice = to_slice(begin);
  const rocksdb::Slice end_slice = to_slice(end);
};

}  // namespace

Reclaimer::Reclaimer(RocksDbStore& store, const LogStates& states, const Epochs& epochs,
                     Hooks hooks, std::chrono::milliseconds pause)
    : store_(store), states_(states), epochs_(epochs), hooks_(std::move(hooks)), pause_(pause) {}

void Reclaimer::start() {
  thread_ = std::thread([this] { run(); });
}

void Reclaimer::wake() {
  {
    const std::lock_guard lock(mutex_);
    is_wanted_ = true;
  }
  wake_.notify_one();
}

void Reclaimer::stop() {
  {
    const std::lock_guard lock(mutex_);
    is_stopping_ = true;
  }
  wake_.notify_one();
  if (thread_.joinable()) thread_.join();
}

void Reclaimer::run() {
  std::unique_lock lock(mutex_);
  while (true) {
    wake_.wait(lock, [this] { return is_wanted_ || is_stopping_; });
    if (is_stopping_) return;
    is_wanted_ = false;
    lock.unlock();
    const bool is_whole = look();
    lock.lock();
    tries_ = is_whole ? 0 : tries_ + 1;
    if (tries_ > 0 && tries_ < kTriesMax) is_wanted_ = true;
    wake_.wait_for(lock, pause_, [this] { return is_stopping_.load(); });
  }
}

bool Reclaimer::look() {
  look_at_running();
  // An epoch that is not a file of a lower level yet, or is just becoming one, can wait.
  const Epoch running = epochs_.running();
  const Epoch end = store_.is_settling() ? running - std::min(running, kUnsettledMax) : running;
  bool is_whole = true;
  std::vector<Epoch> dead;
  std::vector<StoredEpoch> halves;
  const auto scanned =
      store_.scan(contents_keys(), [&](std::string_view key, std::string_view value) {
        const auto epoch = parse_contents_key(key);
        const auto contents = decode_contents(value);
        if (!epoch || !contents) return true;
        EpochContents alive = alive_of(*contents);
        if (*epoch >= end) {
          is_whole = is_whole && alive.bytes > contents->bytes / 2;
        } else if (alive.parts.empty()) {
          dead.push_back(*epoch);
        } else if (alive.bytes <= contents->bytes / 2) {
          halves.push_back({*epoch, std::move(alive)});
        }
        return !is_stopping_;
      });
  // An error is met again by whoever reads; until then the room stays where it is.
  if (!scanned || (dead.empty() && halves.empty())) return is_whole;
  // What says that they are dead must not be lost when they are gone.
  if (!store_.sync()) return is_whole;
  for (auto first = dead.begin(); first != dead.end();) {
    const auto gap = std::adjacent_find(first, dead.end(),
                                        [](Epoch one, Epoch next) { return next != one + 1; });
    const auto last = gap == dead.end() ? std::prev(dead.end()) : gap;
    is_whole = remove(*first, *last) && is_whole;
    first = std::next(last);
  }
  for (const StoredEpoch& half : halves) {
    is_whole = shrink(half.epoch, half.alive) && is_whole;
  }
  return is_whole;
}

// What dies in it cannot go before it ends.
void Reclaimer::look_at_running() {
  std::uint64_t alive = 0;
  for (const auto& state : states_.all()) {
    if (state->trimmed < state->next) alive += state->epoch_bytes;
  }
  const std::uint64_t all = epochs_.bytes();
  if (alive <= all / 2 && all - std::min(all, alive) >= kWorthBytes) hooks_.end_epoch();
}

EpochContents Reclaimer::alive_of(const EpochContents& contents) const {
  EpochContents alive;
  for (const EpochPart& part : contents.parts) {
    if (states_.is_dead(part.log, part.end)) continue;
    alive.bytes += part.bytes;
    alive.parts.push_back(part);
  }
  return alive;
}

bool Reclaimer::remove(Epoch first, Epoch last) {
  if (is_stopping_) return true;
  const EpochKeys keys(first, last);
  const rocksdb::RangePtr range(&keys.begin_slice, &keys.end_slice);
  if (!rocksdb::DeleteFilesInRanges(&store_.db(), store_.records(), &range, 1, false).ok()) {
    return false;
  }
  // Files that hold more than these epochs.
  if (size_of(first, last) > 0 && !(compact(first, last) && size_of(first, last) == 0)) {
    return false;
  }
  TableBatch rows;
  for (Epoch epoch = first; epoch <= last; ++epoch) rows.remove(contents_key(epoch));
  hooks_.write(rows);
  // The write-ahead logs of these epochs are kept as long as there are rows in them.
  switch_memtable(store_.db(), store_.tables());
  return true;
}

bool Reclaimer::shrink(Epoch epoch, const EpochContents& alive) {
  const std::uint64_t before = size_of(epoch, epoch);
  if (is_stopping_) return true;
  if (!compact(epoch, epoch) || size_of(epoch, epoch) >= before) return false;
  TableBatch rows;
  rows.put(contents_key(epoch), encode_contents(alive));
  hooks_.write(rows);
  return true;
}

bool Reclaimer::compact(Epoch first, Epoch last) {
  const EpochKeys keys(first, last);
  rocksdb::CompactRangeOptions options;
  options.exclusive_manual_compaction = false;
  options.bottommost_level_compaction = rocksdb::BottommostLevelCompaction::kForce;
  options.allow_write_stall = true;
  options.canceled = &is_stopping_;
  return store_.db()
      .CompactRange(options, store_.records(), &keys.begin_slice, &keys.end_slice)
      .ok();
}

std::uint64_t Reclaimer::size_of(Epoch first, Epoch last) const {
  const EpochKeys keys(first, last);
  const rocksdb::Range range(keys.begin_slice, keys.end_slice);
  const rocksdb::SizeApproximationOptions options;
  std::uint64_t bytes = 0;
  store_.db()
      .GetApproximateSizes(options, store_.records(), &range, 1, &bytes)
      .PermitUncheckedError();
  return bytes;
}

}  // namespace millrace::storage
