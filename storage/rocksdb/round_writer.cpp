#include "storage/rocksdb/round_writer.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include <rocksdb/db.h>
#include <rocksdb/slice.h>
#include <rocksdb/status.h>
#include <rocksdb/write_batch.h>

#include "base/bytes.h"
#include "base/error.h"
#include "base/time_point.h"
#include "storage/batch.h"
#include "storage/engine.h"
#include "storage/errors.h"
#include "storage/rocksdb/commit_queue.h"
#include "storage/rocksdb/keys.h"
#include "storage/rocksdb/log_states.h"
#include "storage/rocksdb/rocksdb_options.h"
#include "storage/rocksdb/rocksdb_store.h"
#include "storage/rocksdb/syncer.h"

namespace millrace::storage {
namespace {

void fail_round(std::span<Commit* const> round, const Error& error) {
  for (Commit* commit : round) commit->outcome = std::unexpected(error);
}

template <class KeyOf>
void add_rows(rocksdb::WriteBatch& batch, const RocksDbStore& store, const TableBatch& rows,
              KeyOf key_of) {
  for (const TableBatch::Change& change : rows.changes()) {
    const auto& key = key_of(change.key);
    check(change.value ? batch.Put(store.tables(), key, *change.value)
                       : batch.Delete(store.tables(), key));
  }
}

}  // namespace

void RoundWriter::Staged::clear() {
  held.clear();
  ends.clear();
  batch.Clear();
  newest = {};
}

void RoundWriter::start(Syncer& syncer, std::function<void()> on_epoch_end) {
  syncer_ = &syncer;
  on_epoch_end_ = std::move(on_epoch_end);
}

Result<void> RoundWriter::end_epoch(Epoch next) {
  if (next > parts_.options.epoch_max) return fail(kFull, "All positions have been given.");
  rocksdb::WriteBatch batch;
  parts_.epochs.end_in(batch, parts_.store, next);
  if (const auto status = write_noted(batch); !status.ok()) {
    return std::unexpected(parts_.room.error_of(status));
  }
  // No entry of the next epoch may be on the device before this is.
  if (!parts_.store.sync()) {
    parts_.room.note_failure();
    return fail(kFailed, "Syncing failed.");
  }
  is_epoch_over_ = false;
  parts_.room.note_epoch_end();
  switch_memtable(parts_.store.db(), parts_.store.records());
  parts_.epochs.begin(next);
  on_epoch_end_();
  return {};
}

void RoundWriter::write(std::span<Commit* const> round) {
  for (const Commit* commit : round) is_epoch_over_ |= commit->ends_epoch;
  if (is_epoch_over_) {
    std::ignore = write_staged();  // Who waits for it is told.
    if (auto ended = end_epoch(parts_.epochs.running() + 1); !ended)
      return fail_round(round, ended.error());
  }
  for (Commit* commit : round) {
    if (!commit->between_writes) continue;
    std::ignore = write_staged();
    commit->outcome = commit->between_writes();
  }
  for (Commit* commit : round) {
    if (auto expected = check_expected(*commit); !expected) {
      commit->outcome = expected;
    } else {
      stage(*commit);
    }
  }
  stage_entries();
  if (staged_.batch.Count() > 0) {
    has_staged_ = true;
    for (Commit* commit : round) commit->receipt.ticket = last_ticket_ + 1;
  }
  const bool is_wanted =
      std::ranges::any_of(round, [](const Commit* c) { return c->when == When::kNow; });
  if (is_wanted || staged_.batch.GetDataSize() >= kStagedBytesMax) {
    if (auto written = write_staged(); !written) fail_round(round, written.error());
  }
  round_tables_.clear();
  for (const Commit* commit : round) {
    if (!commit->drops.empty()) parts_.states.drop(commit->drops);
  }
}

Result<void> RoundWriter::check_expected(const Commit& commit) const {
  if (commit.table == nullptr) return {};
  for (const TableBatch::Expectation& expected : commit.table->expectations()) {
    const auto row = row_in_round(expected.key);
    if (!row) return std::unexpected(row.error());
    if (*row != expected.value) return fail(kConflict, "A row has been changed.");
  }
  return {};
}

Result<std::optional<std::string>> RoundWriter::row_in_round(std::string_view key) const {
  for (auto table = round_tables_.rbegin(); table != round_tables_.rend(); ++table) {
    const auto& changes = (*table)->changes();
    const auto change = std::find_if(changes.rbegin(), changes.rend(),
                                     [&](const auto& one) { return one.key == key; });
    if (change != changes.rend()) return change->value;
  }
  return parts_.store.get(row_key(key));
}

void RoundWriter::stage(Commit& commit) {
  auto& held = staged_.held;
  auto& batch = staged_.batch;
  commit.receipt.appended.resize(commit.batches.size());
  parts_.states.find_or_add(commit.batches, held);
  auto state = held.end() - static_cast<std::ptrdiff_t>(commit.batches.size());
  for (std::size_t i = 0; i < commit.batches.size(); ++i, ++state) {
    entries_.push_back(
        {state->get(), commit.batches[i].batch, commit.now, &commit.receipt.appended[i]});
  }
  if (commit.table != nullptr) {
    add_rows(batch, parts_.store, *commit.table, row_key);
    round_tables_.push_back(commit.table);
  }
  if (commit.engine_rows != nullptr)
    add_rows(batch, parts_.store, *commit.engine_rows, std::identity{});
  add_trims(commit.trims);
  add_drops(commit.drops);
}

void RoundWriter::stage_entries() {
  const auto log_of = [](const Entry& entry) { return entry.state->log; };
  // Sorting takes memory, also where there is nothing to sort.
  if (!std::ranges::is_sorted(entries_, {}, log_of)) {
    std::ranges::stable_sort(entries_, {}, log_of);
  }
  for (std::size_t i = 0; i < entries_.size();) stage_log(i);
  entries_.clear();
}

void RoundWriter::add_trims(std::span<const Trim> trims) {
  for (const Trim& trim : trims) {
    const auto state = parts_.states.find_or_add(trim.log);
    if (trim.position <= state->trimmed.load()) continue;
    state->trimmed = trim.position;
    check(staged_.batch.Put(parts_.store.tables(), head_key(trim.log), encode_head(state->head())));
  }
}

void RoundWriter::add_drops(std::span<const LogId> drops) {
  for (const LogId log : drops) {
    check(staged_.batch.Delete(parts_.store.tables(), head_key(log)));
    // Entries of the running epoch would else be taken for a log that has no head row yet.
    if (parts_.states.find(log)->epoch_bytes > 0) {
      check(staged_.batch.Put(parts_.store.tables(), dropped_key(log), ""));
    }
  }
}

void RoundWriter::stage_log(std::size_t& i) {
  LogState& state = *entries_[i].state;
  const std::size_t size_before = staged_.batch.GetDataSize();
  TimePoint arrival = time_from_millis(state.last_arrival_millis.load(std::memory_order_relaxed));
  for (std::size_t j = i; j < entries_.size() && entries_[j].state == &state; ++j) {
    arrival = std::max(arrival, entries_[j].now);
  }
  const bool is_new = state.entries_end.load(std::memory_order_relaxed) == 0;
  Position next = std::max({state.next.load(std::memory_order_relaxed), is_new ? next_max_ : 0,
                            start_of(parts_.epochs.running())});
  Position last = next;
  const auto put = [&](const ValueParts& value) {
    last += value.count;
    put_value(record_key(state.log, last - 1), value, arrival);
  };
  for (; i < entries_.size() && entries_[i].state == &state; ++i) {
    *entries_[i].appended = {next, arrival};
    next += entries_[i].batch->count();
    cutter_.add(entries_[i].batch->body(), put);
  }
  cutter_.finish(put);
  next_max_ = std::max(next_max_, next);
  parts_.epochs.add(state, next, staged_.batch.GetDataSize() - size_before);
  state.last_arrival_millis = millis_of(arrival);
  staged_.newest = std::max(staged_.newest, arrival);
  staged_.ends.push_back({&state, next});
}

void RoundWriter::put_value(const std::array<char, kRecordKeyBytes>& key, const ValueParts& value,
                            TimePoint arrival) {
  const auto header = encode_value_header(value, arrival);
  slices_.assign(1, to_slice(to_view(header)));
  for (const std::string_view body : value.bodies) slices_.push_back(to_slice(body));
  const rocksdb::Slice key_slice = to_slice(to_view(key));
  check(staged_.batch.Put(parts_.store.records(), rocksdb::SliceParts(&key_slice, 1),
                          rocksdb::SliceParts(slices_.data(), static_cast<int>(slices_.size()))));
}

rocksdb::Status RoundWriter::write_noted(rocksdb::WriteBatch& batch) {
  if (parts_.room.is_away()) return rocksdb::Status::IOError("moved or removed");
  const std::uint64_t before = parts_.store.db().GetLatestSequenceNumber();
  const bool may_wait = syncer_ == nullptr;  // At opening nobody else waits.
  rocksdb::Status status = parts_.store.write(batch, may_wait);
  if (status.IsIncomplete()) return status;
  // Asked after the write, so that what is acknowledged was where it belongs. The write is in its
  // log: that its numbers were burnt would not be true.
  if (!parts_.room.is_in_place()) return rocksdb::Status::IOError("moved or removed");
  const std::uint64_t sequence = parts_.store.db().GetLatestSequenceNumber();
  if (status.ok()) {
    if (parts_.mark != nullptr) parts_.mark->set_last_sequence(sequence);
    return status;
  }
  if (parts_.mark != nullptr && sequence > before) parts_.mark->set_burnt({before, sequence});
  parts_.room.note_failure(status);
  return status;
}

Result<void> RoundWriter::write_staged() {
  if (staged_.batch.Count() == 0) return {};
  has_staged_ = false;
  const Ticket ticket = ++last_ticket_;
  if (parts_.mark != nullptr && staged_.newest > TimePoint{}) {
    parts_.mark->set_last_arrival(staged_.newest);
  }
  const rocksdb::Status status = write_noted(staged_.batch);
  if (status.ok() && parts_.room.note_written(staged_.batch.GetDataSize(), parts_.epochs.bytes())) {
    is_epoch_over_ = true;
  }
  if (parts_.mark != nullptr && parts_.options.fsync == Fsync::kAlways) {
    parts_.publisher.publish_later(staged_.ends, ticket);
  } else {
    parts_.publisher.publish(staged_.ends);
  }
  staged_.clear();
  if (status.ok()) {
    parts_.publisher.tell_rows(round_tables_);
    syncer_->committed(ticket);
    return {};
  }
  const Error error = parts_.room.error_of(status);
  syncer_->failed(ticket, error);
  return std::unexpected(error);
}

}  // namespace millrace::storage
