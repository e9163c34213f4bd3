// The mark: one mapped page that says how far the store had come, written without a system call.
//
// RocksDB cannot tell a write-ahead log that lost its tail from one that never had it. The mark
// can: it is stored after each commit and before its answer, so whatever it names was acknowledged.
// Stores to a mapped page survive kill -9; after a power cut the page may be older than the log,
// which makes the check weaker but never wrong.
//
// The page, 64-bit words of the machine's byte order (docs/internals/storage-format.md):
//
//   word  content
//      0  magic
//    1-2  boot id of the machine at the last commit
//    3-4  sequence number of the last commit, twice (the second inverted)
//      5  newest arrival time given, milliseconds since the epoch
//    6-7  number of the write-ahead log synced last, bytes of it that were synced, up to the end of
//        a write
//    8-9  sequence numbers burnt by failed writes: none of (from, to] is in a log
//     10  the newest arrival time again, inverted; 0 in a page of before it was kept
//  11-12  number of RocksDB's manifest, bytes of it that were synced
//  16-79  numbers of the write-ahead logs that are needed, 0 where empty
// 80-143  for each of them, what word 3 was when it took its first bytes, plus 1; 0 before that

#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/time_point.h"

namespace millrace::storage {

// Changes whenever the machine starts anew: what was not synced before may be gone then.
struct BootId {
  std::uint64_t high = 0;
  std::uint64_t low = 0;

  friend bool operator==(const BootId&, const BootId&) = default;
};

// Reads the kernel's boot id; zero where there is none, which never equals a stored one.
[[nodiscard]] BootId current_boot_id();

class Mark {
 public:
  static constexpr std::size_t kWalsMax = 64;

  // Maps the file at `path`, making it if `may_create`. Errors: kCannotOpen.
  [[nodiscard]] static Result<Mark> open(const std::string& path, bool may_create);

  Mark(Mark&& other) noexcept;
  Mark& operator=(Mark&&) = delete;
  Mark(const Mark&) = delete;
  Mark& operator=(const Mark&) = delete;
  ~Mark();

  // False for a page that was never written.
  [[nodiscard]] bool is_used() const;

  [[nodiscard]] BootId boot_id() const;
  void set_boot_id(BootId id);

  [[nodiscard]] std::uint64_t last_sequence() const;
  void set_last_sequence(std::uint64_t sequence);

  [[nodiscard]] TimePoint last_arrival() const;
  void set_last_arrival(TimePoint arrival);

  struct Synced {
    std::uint64_t number = 0;
    std::uint64_t bytes = 0;
  };
  [[nodiscard]] Synced synced() const;
  void set_synced(Synced synced);

  // Of RocksDB's manifest, the list of what belongs to the store.
  [[nodiscard]] Synced synced_manifest() const;
  void set_synced_manifest(Synced synced);

  struct Burnt {
    std::uint64_t from = 0;
    std::uint64_t to = 0;
  };
  [[nodiscard]] Burnt burnt() const;
  void set_burnt(Burnt burnt);

  [[nodiscard]] std::vector<std::uint64_t> wals() const;
  void add_wal(std::uint64_t number);
  // Notes that the log takes its first bytes: what was committed before is in others.
  void start_wal(std::uint64_t number);
  // What had been committed when the log took its first bytes; nothing if it took none.
  [[nodiscard]] std::optional<std::uint64_t> committed_before(std::uint64_t number) const;
  // Both return after the change is on the device: the file is deleted next. RocksDB lets go of
  // logs oldest first, but deletes them newest first: with one, none before it is needed.
  void remove_wal(std::uint64_t number);
  void remove_wals_through(std::uint64_t number);

  // Writes the page to the device.
  void sync() const;

 private:
  Mark(int descriptor, std::uint64_t* words) : descriptor_(descriptor), words_(words) {}

  [[nodiscard]] std::uint64_t load(std::size_t word) const;
  void store(std::size_t word, std::uint64_t value);
  void store_synced(std::size_t word, Synced synced);

  int descriptor_;
  std::uint64_t* words_;
};

}  // namespace millrace::storage
