// A file system for the store under test that loses or refuses what it is told to.
//
// It stands in front of the machine's own and sees every call RocksDB and the store make for files
// in db/. For each file it knows how many bytes were synced, for the directory which creations,
// renames and removals were.
//
// Simulated by a power cut: unsynced bytes of a file are gone, or a torn prefix of them is left, or
// zeros in place of the rest; unsynced changes of the directory are gone, or the first few of them
// are there (file systems with a journal keep their order); a file whose removal was not synced is
// back. The mark is as it was when a log was last removed, before which the store syncs it, or as
// it is now: a mapped page reaches the device whenever the system likes.
// Not simulated: bytes that were synced and lost all the same; a mark of mixed ages; what opening
// does before RocksDB (cutting and removing logs), which is taken as synced; FORMAT, seal.key and
// the lock, which are written once and synced before anything is acknowledged.

#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>

namespace rocksdb {
class FileSystem;
}

namespace millrace::storage {

// What kind of call fails.
enum class FileCall : std::uint8_t {
  kCreate,
  kAppend,
  kSync,     // Of a file, by RocksDB.
  kSyncWal,  // Of a write-ahead log, by the store.
  kSyncDirectory,
  kRename,
  kRead,
  kDelete,
  kTruncate,
  kList,
  kOpen,  // Of a file, to read it.
};
inline constexpr int kFileCallKinds = 11;
[[nodiscard]] const char* name_of(FileCall call);

enum class Fault : std::uint8_t {
  kIoError,
  kNoSpace,
  kShortWrite,  // Half of the bytes are written, then an error; appends only.
};

enum class End : std::uint8_t {
  kPowerCut,
  kKill,  // Of the process: the system keeps all it was given.
};

class FaultFileSystem {
 public:
  // For the data directory `directory`. `shadow`, an empty directory beside it on the same device,
  // keeps what a removal has not made unreachable yet.
  FaultFileSystem(std::filesystem::path directory, std::filesystem::path shadow);

  [[nodiscard]] std::shared_ptr<rocksdb::FileSystem> file_system() const;

  // Fails the `nth` call (from 1) of a kind from now on, and those after it if `stays`.
  void fail_at(FileCall call, std::uint64_t nth, Fault fault, bool stays);
  void heal();  // No call fails any more.

  // Does `what` before the `nth` append from now on, while no other call is kept from happening.
  void before_append(std::uint64_t nth, std::function<void()> what);
  [[nodiscard]] bool has_failed() const;
  [[nodiscard]] std::uint64_t calls(FileCall call) const;

  // Ends everything before the `nth` call from now on that changes something: what is left then is
  // written to `destination`, chosen by `seed`. The store goes on as if nothing had happened, which
  // is quicker than an end by errors, and what it says from then on does not count.
  void end_at(std::uint64_t nth, End how, std::filesystem::path destination, std::uint64_t seed);
  // The same now, unless it has happened.
  void end_now();
  [[nodiscard]] bool has_ended() const;

  // Syncs of a write-ahead log that have begun, and that had begun when the last one that
  // completed did.
  [[nodiscard]] std::uint64_t wal_syncs_begun() const;
  [[nodiscard]] std::uint64_t wal_syncs_completed() const;

  // How many threads all stores of this process have for flushes, and for compactions.
  static void set_background_threads(int count);

  // Tells that the mark was synced just now: the store does so at the end of opening.
  void mark_is_synced();

 private:
  class Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace millrace::storage
