#include "storage/rocksdb/rocksdb_engine.h"

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <system_error>
#include <tuple>
#include <utility>
#include <vector>

#include <rocksdb/db.h>
#include <rocksdb/env.h>
#include <rocksdb/status.h>

#include "base/error.h"
#include "base/time_point.h"
#include "base/try.h"
#include "storage/directory.h"
#include "storage/engine.h"
#include "storage/errors.h"
#include "storage/rocksdb/checkpoint.h"
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
#include "storage/rocksdb/round_writer.h"
#include "storage/rocksdb/syncer.h"
#include "storage/rocksdb/usage.h"
#include "storage/rocksdb/wal_check.h"
#include "storage/row_listeners.h"

namespace millrace::storage {
namespace {

class RocksDbEngine final : public Engine {
 public:
  // With `directory` goes a mark; without, everything is in memory.
  RocksDbEngine(const RocksDbOptions& options, std::optional<Mark>&& mark,
                const Directory* directory)
      : options_(options),
        directory_(directory),
        room_(options_, directory),
        mark_(std::move(mark)),
        epochs_(states_),
        commits_([this](std::span<Commit* const> round) { writer_->write(round); }) {
    publisher_.on_rows([this](std::span<const RowChange> changes) { tell_rows(changes); });
  }

  ~RocksDbEngine() override { close(); }

  struct Opening {
    bool may_create = false;
    std::uint64_t sequence_min = 0;  // What was acknowledged.
    bool is_suffix_lost = false;     // Perhaps; positions pass over what it had.
    Position positions_from = 0;
  };

  Result<void> open(const Opening& opening) {
    auto store = RocksDbStore::open(
        place(), options_, opening.may_create, mark_ ? &*mark_ : nullptr,
        [this](LogId log, Position end) { return is_loaded_ && states_.is_dead(log, end); });
    if (!store) return std::unexpected(store.error());
    store_ = std::move(*store);
    room_.watch(store_.get(), mark_ ? &*mark_ : nullptr);
    if (!opening.is_suffix_lost && db().GetLatestSequenceNumber() < opening.sequence_min) {
      store_.reset();
      return fail(kCannotOpen, "acknowledged data is missing from " + place() +
                                   ": a write-ahead log or table file was lost or cut");
    }
    writer_ = std::make_unique<RoundWriter>(RoundWriter::Parts{
        options_, *store_, states_, epochs_, room_, publisher_, mark_ ? &*mark_ : nullptr});
    if (auto loaded = load(opening); !loaded) {
      return fail(kCannotOpen,
                  "cannot open the store in " + place() + ": " + loaded.error().message);
    }
    if (mark_) {
      newest_arrival_ = std::max(newest_arrival_, mark_->last_arrival());
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
    writer_->start(*syncer_, [this] { reclaimer_->wake(); });
    reclaimer_->start();  // From here on it may write.
    return {};
  }

  Result<Receipt> append(std::span<const LogBatch> batches, TimePoint now, When when) override {
    Commit commit;
    commit.batches = batches;
    commit.now = now;
    commit.when = when;
    TRY(run_commit(commit));
    return std::move(commit.receipt);
  }

  // If the queue is held up, then by a round that writes what was staged before it began.
  void commit() override {
    if (!writer_->has_staged()) return;  // Another round has it already.
    Commit nothing;
    commits_.run(nothing);
  }

  Result<Ticket> write(const TableBatch& batch) override {
    Commit commit;
    commit.table = &batch;
    TRY(run_commit(commit));
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

  [[nodiscard]] TimePoint newest_arrival() const override { return newest_arrival_; }

  [[nodiscard]] Position positions_end() const override { return start_of(epochs_.running() + 1); }

  [[nodiscard]] bool has(Capability capability) const override {
    return capability == Capability::kCheckpoints || is_durable_store();
  }

  // What is in memory is written out before the round in which the files are counted, so that this
  // round is a short one. What is written meanwhile is in the write-ahead log; in memory there is
  // none, and the round writes it out.
  Result<void> checkpoint(const std::string& place) override {
    Commit first;
    first.ends_epoch = true;
    TRY(run_commit(first));
    if (const auto status = store_->flush(); !status.ok()) {
      return std::unexpected(room_.error_of(status));
    }
    const KeptFiles kept(db());
    std::vector<StoreFile> files;
    Commit second;
    second.ends_epoch = !is_durable_store();
    second.between_writes = [&]() -> Result<void> {
      auto found = TRY(files_of(db(), !is_durable_store()));
      files = std::move(found);
      return {};
    };
    TRY(run_commit(second));
    return copy_files(store_->plain_env(), files, place);
  }

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
    return directory_ != nullptr ? directory_->db_path().string() : options_.memory_place;
  }

  Result<void> run_commit(Commit& commit) {
    TRY(room_.takes(!commit.batches.empty()));
    commits_.run(commit);
    return commit.outcome;
  }

  [[nodiscard]] rocksdb::DB& db() const { return store_->db(); }
  [[nodiscard]] bool is_durable_store() const { return mark_.has_value(); }

  Result<void> load(const Opening& opening) {
    newest_arrival_ = TRY(epochs_.load(*store_));
    is_loaded_ = true;
    // The next epoch is the first whose positions are all allowed.
    const Epoch first = epoch_of(opening.positions_from + start_of(1) - 1);
    if (epochs_.bytes() > 0 || opening.is_suffix_lost || !states_.dropped().empty() ||
        first > epochs_.running()) {
      if (auto ended = writer_->end_epoch(std::max(first, epochs_.running() + 1)); !ended)
        return ended;
    }
    // What a lost suffix may have numbered is passed over.
    for (const auto& state : states_.all()) {
      state->next = std::max(state->next.load(), start_of(epochs_.running()));
      state->published = state->next.load();
      writer_->begin_logs_at(state->next);
    }
    return {};
  }

  void close() {
    if (!store_) return;
    if (syncer_) commit();
    if (reclaimer_) reclaimer_->stop();
    if (syncer_) syncer_->stop();
    if (is_durable_store()) {
      if (syncer_ && epochs_.bytes() > 0) {
        // If not now, the next start does it.
        if (auto ended = writer_->end_epoch(epochs_.running() + 1); !ended) {
          options_.warn("closing: " + ended.error().message);
        }
      }
      // A failure leaves everything in the write-ahead log, which the next open replays.
      store_->flush().PermitUncheckedError();
      mark_->set_last_sequence(db().GetLatestSequenceNumber());
      mark_->sync();
    }
    store_.reset();
  }

  const RocksDbOptions options_;
  const Directory* const directory_;
  Room room_;
  std::optional<Mark> mark_;
  std::unique_ptr<RocksDbStore> store_;
  LogStates states_;
  std::atomic<bool> is_loaded_{false};  // Before, nothing is known to be dead.
  TimePoint newest_arrival_{};
  Epochs epochs_;
  Publisher publisher_{states_};
  std::unique_ptr<RoundWriter> writer_;
  CommitQueue commits_;
  std::unique_ptr<Syncer> syncer_;
  std::unique_ptr<Reclaimer> reclaimer_;
};

}  // namespace

namespace {

// Errors have held names.
Result<std::unique_ptr<Engine>> open_held(Directory& directory, const RocksDbOptions& options,
                                          const Origin* origin) {
  const bool is_new = !directory.is_complete();
  auto held = TRY(check_store(directory, options.boot_id));
  if (held.cut_bytes > 0) {
    options.warn("cut " + std::to_string(held.cut_bytes) +
                 " bytes of unacknowledged writes from the end of the write-ahead log");
  }
  RocksDbEngine::Opening opening;
  opening.may_create = is_new && origin == nullptr;
  opening.sequence_min = held.mark.last_sequence();
  opening.is_suffix_lost = held.mark.is_used() && held.mark.boot_id() != options.boot_id;
  if (origin != nullptr) opening.positions_from = origin->positions_from;
  auto engine = std::make_unique<RocksDbEngine>(options, std::move(held.mark), &directory);
  TRY(engine->open(opening));
  if (is_new) {
    TRY(directory.finish_creation());
  }
  return engine;
}

// `options` that tell people of the directory's own name.
RocksDbOptions shown(const RocksDbOptions& options, const Directory& directory) {
  RocksDbOptions shown = options;
  shown.warn = [warn = options.warn, &directory](const std::string& text) {
    warn(directory.shown(text));
  };
  return shown;
}

// Puts a copy of the checkpoint at `from` in the empty directory `to`.
Result<void> copy_checkpoint(rocksdb::Env& env, const std::string& from, const std::string& to) {
  auto files = files_of_copy(env, from);
  if (!files || files->empty()) return fail(kCannotOpen, "there is no checkpoint at " + from);
  if (auto copied = copy_files(env, *files, to); !copied) {
    return fail(kCannotOpen,
                "cannot copy the checkpoint at " + from + ": " + copied.error().message);
  }
  return {};
}

}  // namespace

Result<std::unique_ptr<Engine>> open_rocksdb(Directory& directory, const RocksDbOptions& options) {
  return directory.shown(open_held(directory, shown(options, directory), nullptr));
}

Result<std::unique_ptr<Engine>> open_rocksdb_from(const Origin& origin, Directory& directory,
                                                  const RocksDbOptions& options) {
  if (directory.is_complete()) {
    return fail(kCannotOpen, "data directory " + directory.path().string() + " is not empty");
  }
  const auto env = plain_env_of(options);
  // The directory holds an empty one, or what was left by an attempt that was cut short.
  std::error_code error;
  std::filesystem::remove_all(directory.db_path(), error);
  std::filesystem::remove(directory.mark_path(), error);
  if (auto copied = copy_checkpoint(*env, origin.place, directory.db_path().string()); !copied) {
    return directory.shown<std::unique_ptr<Engine>>(std::unexpected(copied.error()));
  }
  return directory.shown(open_held(directory, shown(options, directory), &origin));
}

Result<std::unique_ptr<Engine>> open_ephemeral(const RocksDbOptions& options) {
  auto engine = std::make_unique<RocksDbEngine>(options, std::nullopt, nullptr);
  TRY(engine->open({.may_create = true}));
  return engine;
}

Result<std::unique_ptr<Engine>> open_ephemeral_from(const Origin& origin,
                                                    const RocksDbOptions& options) {
  const auto env = plain_env_of(options);
  TRY(copy_checkpoint(*env, origin.place, options.memory_place));
  auto engine = std::make_unique<RocksDbEngine>(options, std::nullopt, nullptr);
  TRY(engine->open({.positions_from = origin.positions_from}));
  return engine;
}

}  // namespace millrace::storage
