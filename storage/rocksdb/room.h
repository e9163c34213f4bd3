// Whether the store takes writes: its directory is where people find it, the device and the budgets
// have room, and nothing has failed.
//
// For storage/rocksdb/rocksdb_engine.cpp. Thread-safe, but for note_written().

#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>

#include "base/error.h"
#include "storage/directory.h"
#include "storage/rocksdb/mark.h"
#include "storage/rocksdb/rocksdb_options.h"
#include "storage/rocksdb/rocksdb_store.h"

namespace millrace::storage {

class Room {
 public:
  // Without `directory` everything is in memory. All of them outlive it.
  Room(const RocksDbOptions& options, const Directory* directory)
      : options_(options), directory_(directory) {}

  // Says what is looked at from now on; `mark` goes with a directory.
  void watch(RocksDbStore* store, Mark* mark) {
    store_ = store;
    mark_ = mark;
  }

  // Errors: kFull or kFailed, with a sentence for people. Beyond the disk budget, or the memory
  // budget of what is in memory only, rows are still written: deleting a stream is one, and gives
  // room.
  [[nodiscard]] Result<void> takes(bool has_entries) const;

  // Whether the directory is still the one that people find by its name; one that is not takes no
  // more writes, since whoever reads the name would not find them.
  [[nodiscard]] bool is_in_place() const;
  [[nodiscard]] bool is_away() const { return is_away_; }

  // `status` of a failed write as an error.
  [[nodiscard]] Error error_of(const rocksdb::Status& status) const;

  // A device that fails is not trusted again by itself; a full one is once it has room.
  void note_failure() { has_failed_ = true; }
  void note_failure(const rocksdb::Status& status);

  // Looks at everything, and tries again what has failed for lack of room. Each second.
  void look();

  // After `bytes` were written, of now `epoch_bytes` in the running epoch. True if the epoch had
  // better end: its memtable is full, or takes what the device has free. By one thread at a time.
  [[nodiscard]] bool note_written(std::size_t bytes, std::uint64_t epoch_bytes);

  // The running epoch has ended: what it held is on its way to files.
  void note_epoch_end() { unflushed_bytes_ = 0; }

 private:
  // None where the memtables could not be written out any more, short where they had better be now.
  enum class Device : std::uint8_t { kPlenty, kShort, kNone };
  [[nodiscard]] Device look_at_device() const;
  [[nodiscard]] std::uint64_t unwritten_bytes() const;
  [[nodiscard]] std::size_t look_bytes() const;
  void look_at_memory();
  bool note_place(bool is_in_place) const;

  const RocksDbOptions& options_;
  const Directory* const directory_;
  RocksDbStore* store_ = nullptr;
  Mark* mark_ = nullptr;
  std::size_t unlooked_bytes_ = 0;
  mutable std::atomic<bool> is_away_{false};  // Noticed by whoever looks first.
  std::atomic<bool> has_failed_{false};
  std::atomic<bool> is_full_{false};
  std::atomic<bool> is_stuck_{false};              // RocksDB takes no writes until it is resumed.
  std::atomic<std::uint64_t> unflushed_bytes_{0};  // Of the running epoch, as last looked at.
  std::atomic<std::uint64_t> disk_bytes_{0};       // Likewise, and what was written since.
};

}  // namespace millrace::storage
