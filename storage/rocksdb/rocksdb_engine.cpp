#include "storage/rocksdb/rocksdb_engine.h"

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
#include <rocksdb/options.h>
#include <rocksdb/status.h>
#include <rocksdb/write_batch.h>

#include "base/bytes.h"
#include "base/clock.h"
#include "base/error.h"
#include "storage/batch.h"
#include "storage/directory.h"
#include "storage/engine.h"
#include "storage/errors.h"
#include "storage/rocksdb/commit_queue.h"
#include "storage/rocksdb/epochs.h"
#include "storage/rocksdb/keys.h"
#include "storage/rocksdb/log_reader.h"
#include "storage/rocksdb/log_states.h"
#include "storage/rocksdb/mark.h"
#include "storage/rocksdb/publisher.h"
#include "storage/rocksdb/reclaim.h"
#include "storage/rocksdb/rocksdb_options.h"
#include "storage/rocksdb/rocksdb_store.h"
#include "storage/rocksdb/room.h"
#include "storage/rocksdb/syncer.h"
#include "storage/rocksdb/usage.h"
#include "storage/rocksdb/wal_check.h"

namespace millrace::storage {
namespace {

// One batch of a round, resolved.
struct RoundEntry {
  LogState* state;
  const Batch* batch;
  Appended* appended;
};

// What rounds have put together since the last write. Kept so that its memory is used again.
struct Staged {
  std::vector<std::shared_ptr<LogState>> held;
  std::vector<LogEnd> ends;
  rocksdb::WriteBatch batch;
  TimePoint newest;

  void clear() {
    held.clear();
    ends.clear();
    batch.Clear();
    newest = {};
  }
};

class RocksDbEngine final : public Engine {
 public:
  // With `directory` goes a mark; without, everything is in memory.
  RocksDbEngine(const RocksDbOptions& options, Clock& clock, std::optional<Mark>&& mark,
                const Directory* directory)
      : options_(options),
        clock_(clock),
        directory_(directory),
        room_(options_, directory),
        mark_(std::move(mark)),
        epochs_(states_),
        commits_([this](std::span<Commit* const> round) { write_round(round); }) {}

  ~RocksDbEngine() override { close(); }

  Result<void> open(bool may_create, std::uint64_t sequence_min, bool is_new_boot) {
    auto store = RocksDbStore::open(
        place(), options_, may_create, mark_ ? &*mark_ : nullptr,
        [this](LogId log, Position end) { return is_loaded_ && states_.is_dead(log, end); });
    if (!store) return std::unexpected(store.error());
    store_ = std::move(*store);
    room_.watch(store_.get(), mark_ ? &*mark_ : nullptr);
    if (!is_new_boot && db().GetLatestSequenceNumber() < sequence_min) {
      store_.reset();
      return fail(kCannotOpen, "acknowledged data is missing from " + place() +
                                   ": a write-ahead log or table file was lost or cut");
    }
    if (auto loaded = load(is_new_boot); !loaded) {
      return fail(kCannotOpen,
                  "cannot open the store in " + place() + ": " + loaded.error().message);
    }
    if (mark_) {
      clock_.raise_floor(mark_->last_arrival());
      mark_->set_last_sequence(db().GetLatestSequenceNumber());
      mark_->set_boot_id(options_.boot_id);
      mark_->sync();
    }
    Syncer::Hooks hooks;
    hooks.sync = [this] { return store_->sync(); };
    hooks.on_synced = [this](Ticket ticket) { publisher_.publish_synced(ticket); };
    hooks.on_failed = [this] { room_.note_failure(); };
    hooks.on_second = [this] { room_.look(); };
    room_.look();
    syncer_ = std::make_unique<Syncer>(is_durable_store() ? options_.fsync : Fsync::kNever,
                                       options_.sync_interval, std::move(hooks));
    Reclaimer::Hooks reclaim;
    reclaim.end_epoch = [this] {
      Commit commit;
      commit.ends_epoch = true;
      commits_.run(commit);
    };
    reclaim.write = [this](const TableBatch& rows) {
      Commit commit;
      commit.engine_rows = &rows;
      commits_.run(commit);
    };
    reclaimer_ = std::make_unique<Reclaimer>(*store_, states_, epochs_, std::move(reclaim));
    return {};
  }

  Result<Receipt> append(std::span<const LogBatch> batches, When when) override {
    Commit commit;
    commit.batches = batches;
    commit.when = when;
    if (auto run = run_commit(commit); !run) return std::unexpected(run.error());
    return std::move(commit.receipt);
  }

  // If the queue is held up, then by a round that writes what was staged before it began.
  void commit() override {
    if (!has_staged_) return;  // Another round has it already.
    Commit nothing;
    commits_.run(nothing);
  }

  Result<Ticket> write(const TableBatch& batch) override {
    Commit commit;
    commit.table = &batch;
    if (auto run = run_commit(commit); !run) return std::unexpected(run.error());
    return commit.receipt.ticket;
  }

  Result<void> read(LogId log, Position from, Position end, const Visitor& visit) const override {
    const auto state = states_.find(log);
    end = std::min(end, state->published.load());
    return scan_log(*store_, *state, from, end, [&](const Entries& stored) {
      const Entries wanted = within(stored, from, end);
      return wanted.count == 0 || visit(wanted);
    });
  }

  Result<Bounds> bounds(LogId log) const override {
    const auto state = states_.find(log);
    return Bounds{state->trimmed.load(), state->published.load(), state->next.load(),
                  time_from_millis(state->last_arrival_millis.load())};
  }

  Result<Position> position_at(LogId log, Position from, TimePoint time) const override {
    const auto state = states_.find(log);
    return log_position_at(*store_, *state, from, time);
  }

  Result<void> trim(std::span<const Trim> trims) override {
    if (std::ranges::none_of(trims, [&](const Trim& trim) {
          return trim.position > states_.find(trim.log)->trimmed.load();
        })) {
      return {};
    }
    Commit commit;
    commit.trims = trims;
    commits_.run(commit);
    reclaimer_->wake();
    return commit.outcome;
  }

  Result<void> drop(std::span<const LogId> logs) override {
    Commit commit;
    commit.drops = logs;
    commits_.run(commit);
    reclaimer_->wake();
    return commit.outcome;
  }

  Result<std::optional<std::string>> get(std::string_view key) const override {
    return store_->get(row_key(key));
  }

  Result<void> scan(std::string_view prefix, const RowVisitor& visit) const override {
    return store_->scan(row_key(prefix), [&](std::string_view key, std::string_view value) {
      return visit(callers_key(key), value);
    });
  }

  [[nodiscard]] bool is_durable(Ticket ticket) const override {
    return syncer_->is_durable(ticket);
  }

  void when_durable(Ticket ticket, std::function<void(Result<void>)> done) override {
    syncer_->when_durable(ticket, std::move(done));
  }

  void on_publish(std::function<void(LogId, Position)> listener) override {
    publisher_.on_publish(std::move(listener));
  }

  void on_rows(RowListener listener) override { publisher_.on_rows(std::move(listener)); }

  [[nodiscard]] Result<void> writable() const override {
    std::ignore = room_.is_in_place();  // One that is not is noted.
    return room_.takes(true);
  }

  Result<void> visit_sizes(const SizeVisitor& visit) const override {
    return storage::visit_sizes(*store_, states_, epochs_.running(), visit);
  }

  [[nodiscard]] Usage usage() const override { return usage_of(*store_, directory_); }

 private:
  [[nodiscard]] std::string place() const {
    return directory_ != nullptr ? directory_->db_path().string() : "/millrace";
  }

  Result<void> run_commit(Commit& commit) {
    if (auto open = room_.takes(!commit.batches.empty()); !open) return open;
    commits_.run(commit);
    return commit.outcome;
  }

  [[nodiscard]] rocksdb::DB& db() const { return store_->db(); }
  [[nodiscard]] bool is_durable_store() const { return mark_.has_value(); }
  [[nodiscard]] bool publishes_late() const {
    return is_durable_store() && options_.fsync == Fsync::kAlways;
  }

  Result<void> load(bool is_new_boot) {
    const auto newest = epochs_.load(*store_);
    if (!newest) return std::unexpected(newest.error());
    clock_.raise_floor(*newest);
    is_loaded_ = true;
    if (epochs_.bytes() > 0 || is_new_boot || !states_.dropped().empty()) {
      if (auto ended = end_epoch(); !ended) return ended;
    }
    // What a lost suffix may have numbered is passed over.
    for (const auto& state : states_.all()) {
      state->next = std::max(state->next.load(), start_of(epochs_.running()));
      state->published = state->next.load();
      next_max_ = std::max(next_max_, state->next.load());
    }
    return {};
  }

  // Begins another epoch, in another memtable. By the leader of a round only.
  Result<void> end_epoch() {
    if (epochs_.running() >= options_.epoch_max)
      return fail(kFull, "All positions have been given.");
    rocksdb::WriteBatch batch;
    epochs_.end_in(batch, *store_);
    if (const auto status = write_noted(batch); !status.ok()) {
      return std::unexpected(room_.error_of(status));
    }
    // No entry of the next epoch may be on the device before this is.
    if (!store_->sync()) {
      room_.note_failure();
      return fail(kFailed, "Syncing failed.");
    }
    is_epoch_over_ = false;
    room_.note_epoch_end();
    switch_memtable(db(), store_->records());
    epochs_.begin_next();
    if (reclaimer_) reclaimer_->wake();
    return {};
  }

  void write_round(std::span<Commit* const> round) {
    for (const Commit* commit : round) is_epoch_over_ |= commit->ends_epoch;
    if (is_epoch_over_) {
      std::ignore = write_staged();  // Who waits for it is told.
      if (auto ended = end_epoch(); !ended) return fail_round(round, ended.error());
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
      if (!commit->drops.empty()) states_.drop(commit->drops);
    }
  }

  // Whether the rows are as `commit` expects them, with what the round has changed so far.
  Result<void> check_expected(const Commit& commit) const {
    if (commit.table == nullptr) return {};
    for (const TableBatch::Expectation& expected : commit.table->expectations()) {
      const auto row = row_in_round(expected.key);
      if (!row) return std::unexpected(row.error());
      if (*row != expected.value) return fail(kConflict, "A row has been changed.");
    }
    return {};
  }

  [[nodiscard]] Result<std::optional<std::string>> row_in_round(std::string_view key) const {
    for (auto table = round_tables_.rbegin(); table != round_tables_.rend(); ++table) {
      const auto& changes = (*table)->changes();
      const auto change = std::find_if(changes.rbegin(), changes.rend(),
                                       [&](const auto& one) { return one.key == key; });
      if (change != changes.rend()) return change->value;
    }
    return get(key);
  }

  // All but its entries, which stage_entries() takes together with those of the others.
  void stage(Commit& commit) {
    auto& held = staged_.held;
    auto& batch = staged_.batch;
    commit.receipt.appended.resize(commit.batches.size());
    states_.find_or_add(commit.batches, held);
    auto state = held.end() - static_cast<std::ptrdiff_t>(commit.batches.size());
    for (std::size_t i = 0; i < commit.batches.size(); ++i, ++state) {
      entries_.push_back({state->get(), commit.batches[i].batch, &commit.receipt.appended[i]});
    }
    if (commit.table != nullptr) {
      add_rows(batch, *commit.table, row_key);
      round_tables_.push_back(commit.table);
    }
    if (commit.engine_rows != nullptr) add_rows(batch, *commit.engine_rows, std::identity{});
    add_trims(batch, commit.trims);
    add_drops(batch, commit.drops);
  }

  void stage_entries() {
    const auto log_of = [](const RoundEntry& entry) { return entry.state->log; };
    // Sorting takes memory, also where there is nothing to sort.
    if (!std::ranges::is_sorted(entries_, {}, log_of)) {
      std::ranges::stable_sort(entries_, {}, log_of);
    }
    const TimePoint now = clock_.now();
    staged_.newest = std::max(staged_.newest, now);
    for (std::size_t i = 0; i < entries_.size();) stage_log(i, now);
    entries_.clear();
  }

  template <class KeyOf>
  void add_rows(rocksdb::WriteBatch& batch, const TableBatch& rows, KeyOf key_of) const {
    for (const TableBatch::Change& change : rows.changes()) {
      const auto& key = key_of(change.key);
      check(change.value ? batch.Put(store_->tables(), key, *change.value)
                         : batch.Delete(store_->tables(), key));
    }
  }

  void add_trims(rocksdb::WriteBatch& batch, std::span<const Trim> trims) {
    for (const Trim& trim : trims) {
      const auto state = states_.find_or_add(trim.log);
      if (trim.position <= state->trimmed.load()) continue;
      state->trimmed = trim.position;
      check(batch.Put(store_->tables(), head_key(trim.log), encode_head(state->head())));
    }
  }

  void add_drops(rocksdb::WriteBatch& batch, std::span<const LogId> drops) const {
    for (const LogId log : drops) {
      check(batch.Delete(store_->tables(), head_key(log)));
      // Entries of the running epoch would else be taken for a log that has no head row yet.
      if (states_.find(log)->epoch_bytes > 0) {
        check(batch.Put(store_->tables(), dropped_key(log), ""));
      }
    }
  }

  // Stages all entries of one log, beginning at entries_[i], which it moves past them.
  void stage_log(std::size_t& i, TimePoint now) {
    LogState& state = *entries_[i].state;
    const std::size_t size_before = staged_.batch.GetDataSize();
    const TimePoint arrival =
        std::max(now, time_from_millis(state.last_arrival_millis.load(std::memory_order_relaxed)));
    const bool is_new = state.entries_end.load(std::memory_order_relaxed) == 0;
    Position next = std::max({state.next.load(std::memory_order_relaxed), is_new ? next_max_ : 0,
                              start_of(epochs_.running())});
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
    epochs_.add(state, next, staged_.batch.GetDataSize() - size_before);
    state.last_arrival_millis = millis_of(arrival);
    staged_.newest = std::max(staged_.newest, arrival);
    staged_.ends.push_back({&state, next});
  }

  void put_value(const std::array<char, kRecordKeyBytes>& key, const ValueParts& value,
                 TimePoint arrival) {
    const auto header = encode_value_header(value, arrival);
    slices_.assign(1, to_slice(to_view(header)));
    for (const std::string_view body : value.bodies) slices_.push_back(to_slice(body));
    const rocksdb::Slice key_slice = to_slice(to_view(key));
    check(staged_.batch.Put(store_->records(), rocksdb::SliceParts(&key_slice, 1),
                            rocksdb::SliceParts(slices_.data(), static_cast<int>(slices_.size()))));
  }

  // Writes, and notes what has become of it.
  rocksdb::Status write_noted(rocksdb::WriteBatch& batch) {
    if (room_.is_away()) return rocksdb::Status::IOError("moved or removed");
    const std::uint64_t before = db().GetLatestSequenceNumber();
    const bool may_wait = syncer_ == nullptr;  // At opening nobody else waits.
    rocksdb::Status status = store_->write(batch, may_wait);
    if (status.IsIncomplete()) return status;
    // Asked after the write, so that what is acknowledged was where it belongs. The write is in its
    // log: that its numbers were burnt would not be true.
    if (!room_.is_in_place()) return rocksdb::Status::IOError("moved or removed");
    const std::uint64_t sequence = db().GetLatestSequenceNumber();
    if (status.ok()) {
      if (mark_) mark_->set_last_sequence(sequence);
      return status;
    }
    if (mark_ && sequence > before) mark_->set_burnt({before, sequence});
    room_.note_failure(status);
    return status;
  }

  // Writes what is staged and tells who waits for it. The positions of a failed write may be on
  // disk all the same: they are passed over for good.
  Result<void> write_staged() {
    if (staged_.batch.Count() == 0) return {};
    has_staged_ = false;
    const Ticket ticket = ++last_ticket_;
    if (mark_) mark_->set_last_arrival(staged_.newest);
    const rocksdb::Status status = write_noted(staged_.batch);
    if (status.ok() && room_.note_written(staged_.batch.GetDataSize(), epochs_.bytes())) {
      is_epoch_over_ = true;
    }
    if (publishes_late()) {
      publisher_.publish_later(staged_.ends, ticket);
    } else {
      publisher_.publish(staged_.ends);
    }
    staged_.clear();
    if (status.ok()) {
      publisher_.tell_rows(round_tables_);
      syncer_->committed(ticket);
      return {};
    }
    const Error error = room_.error_of(status);
    syncer_->failed(ticket, error);
    return std::unexpected(error);
  }

  static void fail_round(std::span<Commit* const> round, const Error& error) {
    for (Commit* commit : round) commit->outcome = std::unexpected(error);
  }

  void close() {
    if (!store_) return;
    if (syncer_) commit();
    if (reclaimer_) reclaimer_->stop();
    if (syncer_) syncer_->stop();
    if (is_durable_store()) {
      if (syncer_ && epochs_.bytes() > 0) {
        // If not now, the next start does it.
        if (auto ended = end_epoch(); !ended) options_.warn("closing: " + ended.error().message);
      }
      store_->flush();
      mark_->set_last_sequence(db().GetLatestSequenceNumber());
      mark_->sync();
    }
    store_.reset();
  }

  const RocksDbOptions options_;
  Clock& clock_;
  const Directory* const directory_;
  Room room_;
  std::optional<Mark> mark_;
  std::unique_ptr<RocksDbStore> store_;
  LogStates states_;
  std::atomic<bool> is_loaded_{false};  // Before, nothing is known to be dead.
  Epochs epochs_;
  CommitQueue commits_;
  // What the leader of a round has. The first four are kept so that their memory is used again.
  Staged staged_;
  std::atomic<bool> has_staged_{false};          // What no round has begun to write.
  std::vector<RoundEntry> entries_;              // Of the round.
  std::vector<const TableBatch*> round_tables_;  // Staged by the round, which writes them as well.
  ValueCutter cutter_;
  std::vector<rocksdb::Slice> slices_;  // Of a value.
  bool is_epoch_over_ = false;
  Ticket last_ticket_ = 0;
  Position next_max_ = 0;  // No log was given this position, or a higher one.
  Publisher publisher_{states_};
  std::unique_ptr<Syncer> syncer_;
  std::unique_ptr<Reclaimer> reclaimer_;
};

}  // namespace

namespace {

// Errors have held names.
Result<std::unique_ptr<Engine>> open_held(Directory& directory, const RocksDbOptions& options,
                                          Clock& clock) {
  const bool is_new = !directory.is_complete();
  auto mark = Mark::open(directory.mark_path().string(), is_new);
  if (!mark) return std::unexpected(mark.error());
  if (auto listed = check_manifest(directory.db_path(), *mark); !listed) {
    return std::unexpected(listed.error());
  }
  const auto wals = read_wals(directory.db_path());
  if (!wals) return std::unexpected(wals.error());
  const auto cut_bytes = check_wals(*wals, *mark, options.boot_id);
  if (!cut_bytes) return std::unexpected(cut_bytes.error());
  if (auto removed = remove_empty_wals(*wals, *mark); !removed) {
    return std::unexpected(removed.error());
  }
  if (*cut_bytes > 0) {
    options.warn("cut " + std::to_string(*cut_bytes) +
                 " bytes of unacknowledged writes from the end of the write-ahead log");
  }
  const bool is_new_boot = mark->is_used() && mark->boot_id() != options.boot_id;
  const std::uint64_t sequence_min = mark->last_sequence();
  auto engine = std::make_unique<RocksDbEngine>(options, clock, std::move(*mark), &directory);
  if (auto opened = engine->open(is_new, sequence_min, is_new_boot); !opened) {
    return std::unexpected(opened.error());
  }
  if (is_new) {
    if (auto finished = directory.finish_creation(); !finished) {
      return std::unexpected(finished.error());
    }
  }
  return engine;
}

}  // namespace

Result<std::unique_ptr<Engine>> open_rocksdb(Directory& directory, const RocksDbOptions& options,
                                             Clock& clock) {
  RocksDbOptions shown = options;
  shown.warn = [warn = options.warn, &directory](const std::string& text) {
    warn(directory.shown(text));
  };
  return directory.shown(open_held(directory, shown, clock));
}

Result<std::unique_ptr<Engine>> open_ephemeral(const RocksDbOptions& options, Clock& clock) {
  auto engine = std::make_unique<RocksDbEngine>(options, clock, std::nullopt, nullptr);
  if (auto opened = engine->open(true, 0, false); !opened) return std::unexpected(opened.error());
  return engine;
}

}  // namespace millrace::storage
