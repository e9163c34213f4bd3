#include "storage/rocksdb/epochs.h"

#include <algorithm>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <rocksdb/db.h>
#include <rocksdb/iterator.h>
#include <rocksdb/options.h>
#include <rocksdb/status.h>
#include <rocksdb/write_batch.h>

#include "base/bytes.h"
#include "base/error.h"
#include "base/time_point.h"
#include "base/try.h"
#include "storage/batch.h"
#include "storage/engine.h"
#include "storage/errors.h"
#include "storage/rocksdb/keys.h"
#include "storage/rocksdb/log_states.h"
#include "storage/rocksdb/rocksdb_store.h"

namespace millrace::storage {

Result<TimePoint> Epochs::load(const RocksDbStore& store) {
  const auto stored = TRY(store.get(epoch_key()));
  if (stored) running_ = ByteReader(*stored).take<std::uint64_t>();
  states_.begin_epoch(running_);
  TRY(load_heads(store));
  TRY(load_entries(store));
  std::int64_t newest = 0;
  for (const auto& state : states_.all()) {
    newest = std::max(newest, state->last_arrival_millis.load());
  }
  return time_from_millis(newest);
}

Result<void> Epochs::load_heads(const RocksDbStore& store) {
  bool is_damaged = false;
  const auto heads = store.scan(head_keys(), [&](std::string_view key, std::string_view value) {
    const auto log = parse_head_key(key);
    const auto head = decode_head(value);
    is_damaged = !log || !head;
    if (is_damaged) return false;
    auto state = std::make_shared<LogState>(*log, head->next);
    state->trimmed = head->trimmed;
    state->last_arrival_millis = millis_of(head->last_arrival);
    state->entries_end = head->next;
    state->older_end = head->next;
    state->set_runs(head->runs);
    states_.add(std::move(state));
    return true;
  });
  if (!heads) return heads;
  std::vector<LogId> dropped;
  const auto rows = store.scan(dropped_keys(), [&](std::string_view key, std::string_view) {
    const auto log = parse_dropped_key(key);
    is_damaged = is_damaged || !log;
    if (log) dropped.push_back(*log);
    return true;
  });
  if (!rows) return rows;
  if (is_damaged) return fail(kDamaged, "A stored head row is damaged.");
  states_.drop(dropped);
  return {};
}

// Those of the running epoch, which no head row knows of.
Result<void> Epochs::load_entries(const RocksDbStore& store) {
  rocksdb::ReadOptions options = scan_options();
  options.fill_cache = false;
  const std::unique_ptr<rocksdb::Iterator> values(store.db().NewIterator(options, store.records()));
  for (values->Seek(epoch_begin_key(running_)); values->Valid(); values->Next()) {
    const auto key = parse_record_key(values->key().ToStringView());
    if (!key) return fail(kDamaged, "A stored key is damaged.");
    const auto value = TRY(decode_value(values->value().ToStringView()));
    // Not one of the states if the log has been dropped.
    const auto state = states_.find_or_add(key->log);
    state->last_arrival_millis =
        std::max(state->last_arrival_millis.load(), millis_of(value.arrival));
    add(*state, key->last + 1, values->key().size() + values->value().size());
  }
  if (!values->status().ok()) return std::unexpected(to_error(values->status()));
  return {};
}

void Epochs::add(LogState& state, Position end, std::uint64_t bytes) {
  if (state.epoch_bytes == 0) state.enter(running_);
  state.entries_end = end;
  state.next = end;
  state.epoch_bytes += bytes;
  bytes_ += bytes;
}

void Epochs::end_in(rocksdb::WriteBatch& batch, const RocksDbStore& store, Epoch next) const {
  EpochContents contents;
  contents.bytes = bytes_;
  for (const auto& state : states_.all()) {
    if (state->epoch_bytes == 0) continue;
    check(batch.Put(store.tables(), head_key(state->log), encode_head(state->head())));
    contents.parts.push_back({state->log, state->next, state->epoch_bytes});
  }
  if (contents.bytes > 0) {
    check(batch.Put(store.tables(), contents_key(running_), encode_contents(contents)));
  }
  for (const LogId log : states_.dropped()) {
    check(batch.Delete(store.tables(), dropped_key(log)));
  }
  std::string row;
  append_big_endian(row, next);
  check(batch.Put(store.tables(), epoch_key(), row));
}

void Epochs::begin(Epoch next) {
  running_ = next;
  bytes_ = 0;
  for (const auto& state : states_.all()) state->epoch_bytes = 0;
  states_.begin_epoch(running_);
}

}  // namespace millrace::storage
