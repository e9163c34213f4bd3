// The seam of storage: append-only logs and small tables.
//
// An engine knows bytes and positions, nothing of streams, JSON or HTTP. Two implementations pass
// the same tests (tests/storage/engine_contract.h): RocksDbEngine, and MemoryEngine for tests. A
// replicated log may become a third, so the contract promises no more than such a log can keep:
//
// - Positions of a log rise strictly and have gaps between batches. They are known when append()
//   returns, never before. The entries of one batch get consecutive positions.
// - A position is never given twice, also not after a crash, a power cut or a restore. A new log
//   begins above every position any log was given before, so that one that is dropped and one that
//   takes its place have none in common.
// - A batch is atomic per log. Nothing is atomic across two logs, or across a log and a table.
// - A reader sees an entry only after every entry of that log below it (the published end).
//
// All functions are thread-safe and block only for the device.

#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/error.h"
#include "base/time_point.h"
#include "storage/batch.h"
#include "storage/row_listeners.h"

namespace millrace::storage {

using LogId = std::uint64_t;
using Position = std::uint64_t;

// Names a commit. 0 is none: nothing to wait for.
using Ticket = std::uint64_t;

struct LogBatch {
  LogId log = 0;
  const Batch* batch = nullptr;
};

struct Appended {
  Position first = 0;   // Of the batch's first entry; the next ones follow without a gap.
  TimePoint arrival{};  // One for the whole batch; never falls within a log.
};

// When an append is written.
enum class When : std::uint8_t {
  kNow,         // Before append() returns.
  kWithOthers,  // With the next thing that is written: one write for all that waits by then.
};

struct Receipt {
  std::vector<Appended> appended;  // One for each LogBatch, in order.
  Ticket ticket = 0;               // What was written is durable once is_durable(ticket).
};

struct Bounds {
  Position begin = 0;      // Below this, entries may be gone.
  Position published = 0;  // Readers see entries below this.
  Position next = 0;       // The lowest position that was never given.
  TimePoint last_arrival{};
};

// Entries of a log that were appended together and lie one behind the other.
struct Entries {
  Position first = 0;  // Of the first one; the next ones follow without a gap.
  TimePoint arrival{};
  std::uint32_t count = 0;
  std::string_view body;  // take_entry() takes them off its front. Valid during the visitor's call.
};

// Returns whether to go on.
using Visitor = std::function<bool(const Entries&)>;

struct Trim {
  LogId log = 0;
  Position position = 0;  // Nothing below it is read again.
};

// Changes of table rows that happen together or not at all.
class TableBatch {
 public:
  using Change = RowChange;
  struct Expectation {
    std::string key;
    std::optional<std::string> value;  // Nothing: there is no such row.
  };

  void put(std::string key, std::string value) {
    changes_.push_back({std::move(key), std::move(value)});
  }
  void remove(std::string key) { changes_.push_back({std::move(key), std::nullopt}); }
  // The changes are made only if the row is this before them: compare and set.
  void expect(Expectation expected) { expectations_.push_back(std::move(expected)); }
  void expect(std::string key, std::optional<std::string> value) {
    expect({std::move(key), std::move(value)});
  }

  [[nodiscard]] const std::vector<Change>& changes() const { return changes_; }
  [[nodiscard]] const std::vector<Expectation>& expectations() const { return expectations_; }

 private:
  std::vector<Change> changes_;
  std::vector<Expectation> expectations_;
};

// What a batch expects that writes rows of a kind for the first time, beside what it knows of them:
// a row that is changed when all of them go. Empty where nothing takes them all away.
using Fence = std::optional<TableBatch::Expectation>;

// Returns whether to go on.
using RowVisitor = std::function<bool(std::string_view key, std::string_view value)>;

// Bytes of one log, in one of the places where it has some.
using SizeVisitor = std::function<void(LogId log, std::uint64_t bytes)>;

// What not every engine can do.
enum class Capability : std::uint8_t {
  kCheckpoints,  // checkpoint(), and being opened from one.
  kPersistence,  // What is durable is there when the next process opens it.
};

// Where an engine begins that is opened from a checkpoint.
struct Origin {
  std::string place;            // As checkpoint() was given it.
  Position positions_from = 0;  // No lower one is given: see Engine::positions_end().
};

struct Usage {
  std::uint64_t memory_bytes = 0;  // Of what is not in files yet, and what is kept of them.
  std::uint64_t disk_bytes = 0;    // Of all files; 0 where there are none.
};

class Engine {
 public:
  Engine() = default;
  Engine(const Engine&) = delete;
  Engine& operator=(const Engine&) = delete;
  virtual ~Engine() = default;

  // Appends each batch to its log, in one commit; a log appears at most once in `batches`. A log
  // exists from its first append on. Entries arrive at `now`, or when the newest of their log did,
  // if that is later. Errors: kFull, kBusy, kFailed; nothing is readable then, also not later.
  //
  // kWithOthers gives positions at once as well, but they count only once when_durable() has told
  // that they are written; after a crash before that they may be given again. The caller sees to it
  // that commit() is called.
  virtual Result<Receipt> append(std::span<const LogBatch> batches, TimePoint now, When when) = 0;

  // Writes what was appended to be written with others, or leaves it to a write that has begun.
  virtual void commit() = 0;

  // Lends the published entries of [from, end) in order, up to kValueBytesMax or a single one at a
  // time, until `visit` says stop. Errors: kDamaged, kFailed; what was lent before the error is
  // right.
  virtual Result<void> read(LogId log, Position from, Position end, const Visitor& visit) const = 0;

  virtual Result<Bounds> bounds(LogId log) const = 0;

  // The position of the first published entry that is not below `from` and arrived at `time` or
  // later; the published end if there is none.
  virtual Result<Position> position_at(LogId log, Position from, TimePoint time) const = 0;

  // Says that nothing below the given positions is read again. Space comes back when the engine
  // finds it worth while. A trim point never falls.
  virtual Result<void> trim(std::span<const Trim> trims) = 0;

  // Forgets logs and what is in them. Their ids are not used again by the caller.
  virtual Result<void> drop(std::span<const LogId> logs) = 0;

  virtual Result<std::optional<std::string>> get(std::string_view key) const = 0;

  // Visits the rows whose keys begin with `prefix`, in the order of their bytes.
  virtual Result<void> scan(std::string_view prefix, const RowVisitor& visit) const = 0;

  // Applies the changes together. Errors as append(), and kConflict if a row is not as expected;
  // nothing of the batch is written then.
  virtual Result<Ticket> write(const TableBatch& batch) = 0;

  [[nodiscard]] virtual bool is_durable(Ticket ticket) const = 0;

  // Calls `done` once, when `ticket` is durable or can never be: at once in this thread if that is
  // known now, else in the engine's thread or one that commits. `done` must not block. Errors:
  // those of append().
  virtual void when_durable(Ticket ticket, std::function<void(Result<void>)> done) = 0;

  // Calls `listener(log, published end)` after each publication, in the thread that published. Set
  // once, before the first append; must not block or call the engine.
  virtual void on_publish(std::function<void(LogId, Position)> listener) = 0;

  // Calls `listener(changes)` for each batch that is written from now on, one after the other and
  // before write() returns, in the thread that wrote, until the token is destroyed: whoever keeps
  // in memory what rows say hears of all changes in their order. It must not block or call the
  // engine.
  [[nodiscard]] RowListeners::Token on_rows(RowListener listener) {
    return row_listeners_.add(std::move(listener));
  }

  // The newest arrival that the engine knew of when it was opened, also of entries that are gone.
  [[nodiscard]] virtual TimePoint newest_arrival() const = 0;

  // The end of all positions that were given so far, of whatever log. An engine opened from a
  // checkpoint gives none that this one has given if it begins here.
  [[nodiscard]] virtual Position positions_end() const = 0;

  [[nodiscard]] virtual bool has(Capability capability) const = 0;

  // Keeps all that was acknowledged before the call, as it is at one moment between two writes, in
  // `place`: a new directory in the engine's own file system, which later writes do not change. How
  // to open an engine from it is in that engine's header. Errors: kFull, kBusy, kFailed; nothing is
  // at `place` then. Only with Capability::kCheckpoints.
  virtual Result<void> checkpoint(const std::string& place) = 0;

  // Whether writes are taken now; kFull or kFailed with a sentence for people if not.
  [[nodiscard]] virtual Result<void> writable() const = 0;

  // Tells what each log takes: one may come several times, and one without a byte never. Entries
  // that nobody reads any more may still count until their space is given back. Costs what there
  // is of epochs and logs. Errors: kFailed.
  virtual Result<void> visit_sizes(const SizeVisitor& visit) const = 0;

  [[nodiscard]] virtual Usage usage() const = 0;

 protected:
  void tell_rows(std::span<const RowChange> changes) const { row_listeners_.tell(changes); }

 private:
  RowListeners row_listeners_;
};

}  // namespace millrace::storage
