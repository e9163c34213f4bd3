#include "storage/rocksdb_engine.h"

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include <rocksdb/db.h>
#include <rocksdb/iterator.h>
#include <rocksdb/options.h>
#include <rocksdb/status.h>
#include <rocksdb/write_batch.h>

#include "base/bytes.h"
#include "base/clock.h"
#include "base/error.h"
#include "storage/batch.h"
#include "storage/commit_queue.h"
#include "storage/directory.h"
#include "storage/engine.h"
#include "storage/errors.h"
#include "storage/keys.h"
#include "storage/log_states.h"
#include "storage/mark.h"
#include "storage/reclaim.h"
#include "storage/rocksdb_store.h"
#include "storage/syncer.h"
#include "storage/wal_check.h"

namespace millrace::storage {
namespace {

constexpr std::size_t kMemoryLookBytes = 4UL << 20U;

// One batch of a round, resolved.
struct RoundEntry {
  LogState* state;
  const Batch* batch;
  Appended* appended;
};

class RocksDbEngine final : public Engine {
 public:
  RocksDbEngine(const RocksDbOptions& options, Clock& clock, std::optional<Mark>&& mark,
                std::filesystem::path path)
      : options_(options),
        clock_(clock),
        path_(std::move(path)),
        mark_(std::move(mark)),
        states_([this](LogId log) { return load(log); }),
        commits_([this](std::span<Commit* const> round) { write_round(round); }) {}

  ~RocksDbEngine() override { close(); }

  Result<void> open(bool may_create, std::uint64_t sequence_min, bool is_new_boot) {
    auto store = RocksDbStore::open(path_.empty() ? "/millrace" : path_.string(), options_,
                                    may_create, mark_ ? &*mark_ : nullptr);
    if (!store) return std::unexpected(store.error());
    store_ = std::move(*store);
    if (!is_new_boot && db().GetLatestSequenceNumber() < sequence_min) {
      store_.reset();
      return fail(kCannotOpen, "acknowledged data is missing from " + path_.string() +
                                   ": a write-ahead log or table file was lost or cut");
    }
    if (auto begun = begin_epoch(is_new_boot); !begun) {
      return fail(kCannotOpen,
                  "cannot open the store in " + path_.string() + ": " + begun.error().message);
    }
    if (mark_) {
      clock_.raise_floor(mark_->last_arrival());
      mark_->set_last_sequence(db().GetLatestSequenceNumber());
      mark_->set_boot_id(options_.boot_id);
      mark_->sync();
    }
    Syncer::Hooks hooks;
    hooks.sync = [this] { return store_->sync(); };
    hooks.on_synced = [this](Ticket ticket) { publish_synced(ticket); };
    hooks.on_failed = [this] { has_failed_ = true; };
    hooks.on_second = [this] {
      store_->go_on_compacting();
      look_at_space();
    };
    look_at_space();
    syncer_ = std::make_unique<Syncer>(is_durable_store() ? options_.fsync : Fsync::kNever,
                                       options_.sync_interval, std::move(hooks));
    return {};
  }

  Result<Receipt> append(std::span<const LogBatch> batches) override {
    Commit commit;
    commit.batches = batches;
    if (auto run = run_commit(commit); !run) return std::unexpected(run.error());
    return std::move(commit.receipt);
  }

  Result<Ticket> write(const TableBatch& batch) override {
    Commit commit;
    commit.table = &batch;
    if (auto run = run_commit(commit); !run) return std::unexpected(run.error());
    return commit.receipt.ticket;
  }

  Result<void> read(LogId log, Position from, Position end, const ReadLimits& limits,
                    const Visitor& visit) const override {
    const auto state = states_.find(log);
    if (!state) return std::unexpected(state.error());
    end = std::min(end, (*state)->published.load());
    std::size_t count = 0;
    std::size_t bytes = 0;
    return scan_values(log, from, [&](Position first, const DecodedValue& value) {
      std::string_view body = value.body;
      for (std::uint32_t i = 0; i < value.count; ++i) {
        const std::string_view entry = take_entry(body);
        const Position position = first + i;
        if (position < from) continue;
        if (position >= end || count == limits.count_max) return false;
        if (count > 0 && bytes + entry.size() > limits.bytes_max) return false;
        ++count;
        bytes += entry.size();
        if (!visit({position, value.arrival, entry})) return false;
      }
      return true;
    });
  }

  Result<Bounds> bounds(LogId log) const override {
    const auto state = states_.find(log);
    if (!state) return std::unexpected(state.error());
    const LogState& found = **state;
    return Bounds{found.trimmed.load(), found.published.load(), found.next.load(),
                  time_from_millis(found.last_arrival_millis.load())};
  }

  Result<Position> position_at(LogId log, Position from, TimePoint time) const override {
    const auto state = states_.find(log);
    if (!state) return std::unexpected(state.error());
    Position low = from;
    Position high = (*state)->published.load();
    if (time_from_millis((*state)->last_arrival_millis.load()) < time) return high;
    while (low < high) {
      const Position middle = low + (high - low) / 2;
      bool is_late = true;  // Nothing at or behind `middle` counts as late.
      Position first = high;
      Position behind = high;
      const auto scanned = scan_values(log, middle, [&](Position at, const DecodedValue& value) {
        is_late = value.arrival >= time;
        first = at;
        behind = at + value.count;
        return false;
      });
      if (!scanned) return std::unexpected(scanned.error());
      if (is_late) {
        high = std::min(std::max(first, low), middle);
      } else {
        low = std::min(behind, high);
      }
    }
    return low;
  }

  Result<void> trim(std::span<const Trim> trims) override {
    rocksdb::WriteBatch batch;
    std::vector<std::shared_ptr<LogState>> moved;
    for (const Trim& trim : trims) {
      auto state = states_.find(trim.log);
      if (!state) return std::unexpected(state.error());
      LogState& found = **state;
      if (trim.position <= found.trimmed.load()) continue;
      found.trimmed = trim.position;
      check(batch.Put(store_->tables(), head_key(trim.log), encode_head(found.head())));
      moved.push_back(*state);
    }
    if (moved.empty()) return {};
    const rocksdb::Status status = db().Write(write_options(), &batch);
    if (!status.ok()) return std::unexpected(to_error(status));
    return reclaim_trimmed(*store_, write_options(), moved);
  }

  Result<void> drop(std::span<const LogId> logs) override {
    auto dropped = reclaim_dropped(*store_, write_options(), logs);
    states_.forget(logs);
    return dropped;
  }

  Result<std::optional<std::string>> get(std::string_view key) const override {
    return get_raw(row_key(key));
  }

  Result<void> scan(std::string_view prefix, const RowVisitor& visit) const override {
    const std::string start = row_key(prefix);
    const std::unique_ptr<rocksdb::Iterator> rows(
        db().NewIterator(scan_options(), store_->tables()));
    for (rows->Seek(start); rows->Valid(); rows->Next()) {
      const std::string_view key = rows->key().ToStringView();
      if (!key.starts_with(start)) break;
      if (!visit(callers_key(key), rows->value().ToStringView())) return {};
    }
    if (!rows->status().ok()) return std::unexpected(to_error(rows->status()));
    return {};
  }

  [[nodiscard]] bool is_durable(Ticket ticket) const override {
    return syncer_->is_durable(ticket);
  }

  void when_durable(Ticket ticket, std::function<void(bool)> done) override {
    syncer_->when_durable(ticket, std::move(done));
  }

  void on_publish(std::function<void(LogId, Position)> listener) override {
    listener_ = std::move(listener);
  }

  [[nodiscard]] Result<void> writable() const override { return takes(true); }

 private:
  // Beyond the disk budget rows are still written: deleting a stream is one, and gives room.
  [[nodiscard]] Result<void> takes(bool has_entries) const {
    if (has_failed_) {
      return fail(kFailed,
                  "Writing or syncing failed. The store takes no writes until it is restarted.");
    }
    if (is_full_) {
      return fail(kFull, mark_ ? "The data directory is full." : "The memory budget is used up.");
    }
    if (has_entries && options_.disk_bytes_max != 0 && disk_bytes_ > options_.disk_bytes_max) {
      return fail(kFull, "The disk budget is used up.");
    }
    return {};
  }

  [[nodiscard]] rocksdb::DB& db() const { return store_->db(); }
  [[nodiscard]] bool is_durable_store() const { return mark_.has_value(); }
  [[nodiscard]] bool publishes_late() const {
    return is_durable_store() && options_.fsync == Fsync::kAlways;
  }

  [[nodiscard]] rocksdb::WriteOptions write_options() const {
    rocksdb::WriteOptions options;
    options.disableWAL = !is_durable_store();
    options.no_slowdown = true;
    return options;
  }

  // RocksDB (7.8) passes over the rest of a level without an error when, on its way from one table
  // file to the next, it finds the next one damaged, but only where it minds range deletes. Ours
  // lie below trim points and in dropped logs, where nothing is read.
  [[nodiscard]] static rocksdb::ReadOptions scan_options() {
    rocksdb::ReadOptions options;
    options.ignore_range_deletions = true;
    return options;
  }

  // Building a batch in memory fails only for lack of memory, which throws.
  static void check(const rocksdb::Status& status) { status.PermitUncheckedError(); }

  Result<std::optional<std::string>> get_raw(const std::string& key) const {
    std::string value;
    const rocksdb::Status status = db().Get(rocksdb::ReadOptions(), store_->tables(), key, &value);
    if (status.IsNotFound()) return std::nullopt;
    if (!status.ok()) return std::unexpected(to_error(status));
    return value;
  }

  Result<void> begin_epoch(bool is_new_boot) {
    const auto stored = get_raw(epoch_key());
    if (!stored) return std::unexpected(stored.error());
    epoch_ = stored->has_value() ? ByteReader(**stored).take<std::uint64_t>() : 0;
    if (stored->has_value() && !is_new_boot) return {};
    if (is_new_boot) ++epoch_;
    std::string value;
    append_big_endian(value, epoch_);
    rocksdb::WriteOptions options = write_options();
    options.sync = is_durable_store();
    const rocksdb::Status status = db().Put(options, store_->tables(), epoch_key(), value);
    if (!status.ok()) return std::unexpected(to_error(status));
    return {};
  }

  // Visits the values from the one that holds `from` on: `visit(position of the first entry,
  // value)`.
  template <class Visit>
  Result<void> scan_values(LogId log, Position from, Visit&& visit) const {
    const std::string bound = record_key_end(log);
    const rocksdb::Slice upper = to_slice(bound);
    rocksdb::ReadOptions options = scan_options();
    options.iterate_upper_bound = &upper;
    const std::unique_ptr<rocksdb::Iterator> values(db().NewIterator(options, store_->records()));
    for (values->Seek(record_key(log, from)); values->Valid(); values->Next()) {
      const auto key = parse_record_key(values->key().ToStringView());
      const auto value = decode_value(values->value().ToStringView());
      if (!value) return std::unexpected(value.error());
      if (!key || key->last + 1 < value->count) return fail(kDamaged, "A stored key is damaged.");
      if (!visit(key->last + 1 - value->count, *value)) return {};
    }
    if (!values->status().ok()) return std::unexpected(to_error(values->status()));
    return {};
  }

  Result<std::shared_ptr<LogState>> load(LogId log) {
    auto state = std::make_shared<LogState>(log);
    HeadRow head;
    const auto row = get_raw(head_key(log));
    if (!row) return std::unexpected(row.error());
    if (row->has_value()) {
      const auto decoded = decode_head(**row);
      if (!decoded) return fail(kDamaged, "A stored head row is damaged.");
      head = *decoded;
    }
    const std::string lower = record_key(log, 0);
    const std::string upper = record_key_end(log);
    const rocksdb::Slice lower_slice = to_slice(lower);
    const rocksdb::Slice upper_slice = to_slice(upper);
    rocksdb::ReadOptions options = scan_options();
    options.iterate_lower_bound = &lower_slice;
    options.iterate_upper_bound = &upper_slice;
    const std::unique_ptr<rocksdb::Iterator> values(db().NewIterator(options, store_->records()));
    values->SeekToLast();
    if (values->Valid()) {
      const auto key = parse_record_key(values->key().ToStringView());
      const auto value = decode_value(values->value().ToStringView());
      if (!value) return std::unexpected(value.error());
      if (!key) return fail(kDamaged, "A stored key is damaged.");
      head.next = std::max(head.next, key->last + 1);
      head.last_arrival = std::max(head.last_arrival, value->arrival);
    }
    if (!values->status().ok()) return std::unexpected(to_error(values->status()));
    const Position epoch_start = epoch_ << kEpochShift;
    state->next = std::max(head.next, epoch_start);
    state->published = state->next.load();
    state->trimmed = head.trimmed;
    state->last_arrival_millis = millis_of(head.last_arrival);
    clock_.raise_floor(head.last_arrival);
    return state;
  }

  Result<void> run_commit(Commit& commit) {
    if (auto open = takes(!commit.batches.empty()); !open) return open;
    for (const LogBatch& batch : commit.batches) {
      if (auto state = states_.find(batch.log); !state) return std::unexpected(state.error());
    }
    commits_.run(commit);
    return commit.outcome;
  }

  void write_round(std::span<Commit* const> round) {
    std::vector<std::shared_ptr<LogState>> held;
    std::vector<RoundEntry> entries;
    rocksdb::WriteBatch& batch = round_batch_;
    batch.Clear();
    for (Commit* commit : round) {
      commit->receipt.appended.resize(commit->batches.size());
      for (std::size_t i = 0; i < commit->batches.size(); ++i) {
        // Found by run_commit() already, or forgotten by a drop since: loads anew then.
        auto state = states_.find(commit->batches[i].log);
        if (!state) return fail_round(round, state.error());
        entries.push_back({state->get(), commit->batches[i].batch, &commit->receipt.appended[i]});
        held.push_back(std::move(*state));
      }
      if (commit->table == nullptr) continue;
      for (const TableBatch::Change& change : commit->table->changes()) {
        check(change.value ? batch.Put(store_->tables(), row_key(change.key), *change.value)
                           : batch.Delete(store_->tables(), row_key(change.key)));
      }
    }
    std::ranges::stable_sort(entries, {}, [](const RoundEntry& entry) { return entry.state->log; });

    const TimePoint now = clock_.now();
    TimePoint newest = now;
    std::vector<std::pair<LogState*, HeadRow>> ends;
    for (std::size_t i = 0; i < entries.size();) {
      LogState* const state = entries[i].state;
      const HeadRow end = add_log(batch, entries, i, now);
      newest = std::max(newest, end.last_arrival);
      ends.emplace_back(state, end);
    }
    commit_round(round, ends, newest);
  }

  // Adds all entries of one log, beginning at entries[i], which it moves past them.
  HeadRow add_log(rocksdb::WriteBatch& batch, std::vector<RoundEntry>& entries, std::size_t& i,
                  TimePoint now) const {
    LogState& state = *entries[i].state;
    const TimePoint arrival =
        std::max(now, time_from_millis(state.last_arrival_millis.load(std::memory_order_relaxed)));
    Position next = state.next.load(std::memory_order_relaxed);
    Position last = next;
    std::vector<std::string_view> bodies;
    for (; i < entries.size() && entries[i].state == &state; ++i) {
      *entries[i].appended = {next, arrival};
      next += entries[i].batch->count();
      bodies.push_back(entries[i].batch->body());
    }
    for (const ValueParts& value : cut_into_values(bodies)) {
      last += value.count;
      const std::string key = record_key(state.log, last - 1);
      const std::string header = encode_value_header(value, arrival);
      std::vector<rocksdb::Slice> parts{to_slice(header)};
      for (const std::string_view body : value.bodies) parts.push_back(to_slice(body));
      const rocksdb::Slice key_slice = to_slice(key);
      check(batch.Put(store_->records(), rocksdb::SliceParts(&key_slice, 1),
                      rocksdb::SliceParts(parts.data(), static_cast<int>(parts.size()))));
    }
    return {next, 0, arrival};
  }

  void commit_round(std::span<Commit* const> round,
                    const std::vector<std::pair<LogState*, HeadRow>>& ends, TimePoint newest) {
    const std::uint64_t before = db().GetLatestSequenceNumber();
    const rocksdb::Status status = db().Write(write_options(), &round_batch_);
    if (status.IsIncomplete()) return fail_round(round, to_error(status));
    const std::uint64_t sequence = db().GetLatestSequenceNumber();
    // Positions of a failed write may be on disk all the same: they are passed over for good.
    for (const auto& [state, end] : ends) {
      state->next = end.next;
      if (status.ok()) state->last_arrival_millis = millis_of(end.last_arrival);
      state->is_dirty = true;
    }
    if (!status.ok()) {
      if (mark_ && sequence > before) mark_->set_burnt({before, sequence});
      for (const auto& [state, end] : ends) state->published = end.next;
      if (status.IsNoSpace()) {
        is_stuck_ = true;
        is_full_ = true;
      } else {
        has_failed_ = true;  // A device that fails is not trusted again by itself.
      }
      return fail_round(round, to_error(status));
    }
    if (mark_) {
      mark_->set_last_arrival(newest);
      mark_->set_last_sequence(sequence);
      disk_bytes_ += round_batch_.GetDataSize();
    } else {
      look_at_memory(round_batch_.GetDataSize());
    }
    const Ticket ticket = ++last_ticket_;
    for (Commit* commit : round) commit->receipt.ticket = ticket;
    if (publishes_late()) {
      const std::lock_guard lock(unpublished_mutex_);
      for (const auto& [state, end] : ends) unpublished_.push_back({ticket, state->log, end.next});
    } else {
      for (const auto& [state, end] : ends) publish(*state, end.next);
    }
    syncer_->committed(ticket);
  }

  static void fail_round(std::span<Commit* const> round, const Error& error) {
    for (Commit* commit : round) commit->outcome = std::unexpected(error);
  }

  void publish(LogState& state, Position end) {
    state.published = end;
    if (listener_) listener_(state.log, end);
  }

  void publish_synced(Ticket synced) {
    std::vector<Unpublished> ready;
    {
      const std::lock_guard lock(unpublished_mutex_);
      const auto split = std::ranges::find_if(
          unpublished_, [&](const Unpublished& entry) { return entry.ticket > synced; });
      ready.assign(unpublished_.begin(), split);
      unpublished_.erase(unpublished_.begin(), split);
    }
    for (const Unpublished& entry : ready) {
      if (auto state = states_.find(entry.log)) publish(**state, entry.end);
    }
  }

  // A second's writes may be more than the budget: the leader looks too, every so many bytes.
  void look_at_memory(std::size_t written_bytes) {
    unlooked_bytes_ += written_bytes;
    if (unlooked_bytes_ < kMemoryLookBytes) return;
    unlooked_bytes_ = 0;
    look_at_space();
  }

  void look_at_space() {
    if (!mark_) {
      std::uint64_t used = 0;
      std::uint64_t files = 0;
      db().GetAggregatedIntProperty(rocksdb::DB::Properties::kCurSizeAllMemTables, &used);
      db().GetAggregatedIntProperty(rocksdb::DB::Properties::kTotalSstFilesSize, &files);
      is_full_ = used + files > options_.memory_bytes_max;
      return;
    }
    std::error_code error;
    const auto space = std::filesystem::space(path_, error);
    if (error) return;
    mark_->sync();
    if (options_.disk_bytes_max != 0) disk_bytes_ = bytes_of_files(path_);
    const bool is_short = space.available < std::min(options_.free_bytes_min, space.capacity / 50);
    if (!is_short && is_stuck_) is_stuck_ = !store_->resume().ok();
    is_full_ = is_short || is_stuck_;
  }

  void close() {
    if (!store_) return;
    if (syncer_) syncer_->stop();
    if (is_durable_store()) {
      rocksdb::WriteBatch heads;
      for (const auto& state : states_.all()) {
        if (!state->is_dirty) continue;
        check(heads.Put(store_->tables(), head_key(state->log), encode_head(state->head())));
      }
      db().Write(write_options(), &heads).PermitUncheckedError();
      store_->flush();
      mark_->set_last_sequence(db().GetLatestSequenceNumber());
      mark_->sync();
    }
    store_.reset();
  }

  struct Unpublished {
    Ticket ticket;
    LogId log;
    Position end;
  };

  const RocksDbOptions options_;
  Clock& clock_;
  const std::filesystem::path path_;
  std::optional<Mark> mark_;
  std::unique_ptr<RocksDbStore> store_;
  mutable LogStates states_;
  CommitQueue commits_;
  rocksdb::WriteBatch round_batch_;  // The leader's; kept so that its memory is used again.
  std::size_t unlooked_bytes_ = 0;   // The leader's.
  std::uint64_t epoch_ = 0;
  Ticket last_ticket_ = 0;  // The leader's.
  std::mutex unpublished_mutex_;
  std::vector<Unpublished> unpublished_;
  std::function<void(LogId, Position)> listener_;
  std::atomic<bool> has_failed_{false};
  std::atomic<bool> is_full_{false};
  std::atomic<bool> is_stuck_{false};         // RocksDB takes no writes until it is resumed.
  std::atomic<std::uint64_t> disk_bytes_{0};  // As last looked at, and what was written since.
  std::unique_ptr<Syncer> syncer_;
};

}  // namespace

Result<std::unique_ptr<Engine>> open_rocksdb(Directory& directory, const RocksDbOptions& options,
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
  auto engine =
      std::make_unique<RocksDbEngine>(options, clock, std::move(*mark), directory.db_path());
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

Result<std::unique_ptr<Engine>> open_ephemeral(const RocksDbOptions& options, Clock& clock) {
  auto engine =
      std::make_unique<RocksDbEngine>(options, clock, std::nullopt, std::filesystem::path{});
  if (auto opened = engine->open(true, 0, false); !opened) return std::unexpected(opened.error());
  return engine;
}

}  // namespace millrace::storage
