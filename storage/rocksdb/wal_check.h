// Reads RocksDB's write-ahead logs before RocksDB does, because each of its recovery modes hides a
// loss in some case: a torn older log leaves a hole, a flipped length byte looks like a torn tail.
//
// Source of the format: RocksDB wiki, "Write Ahead Log File Format", and the header of a WriteBatch
// (sequence number, count).

#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "base/error.h"
#include "storage/rocksdb/mark.h"

namespace millrace::storage {

class Directory;

// The number in the name of a manifest, and of a write-ahead log; nullopt for other files.
[[nodiscard]] std::optional<std::uint64_t> manifest_number(const std::filesystem::path& path);
[[nodiscard]] std::optional<std::uint64_t> wal_number(const std::filesystem::path& path);

struct WalFile {
  std::filesystem::path path;
  std::uint64_t number = 0;
  std::uint64_t file_bytes = 0;
  std::uint64_t good_bytes = 0;      // Up to the end of the last whole write.
  std::uint64_t first_sequence = 0;  // 0 if the file holds no write.
  std::uint64_t last_sequence = 0;
  std::uint64_t torn_sequence =
      0;                     // Of the one write in it, if that is cut off and nothing follows.
  bool has_entries = false;  // Whether any write in it changes anything.
  std::optional<std::string> damage;  // What follows good_bytes, if anything does.
};

// All write-ahead logs in `directory`, by number. Errors: kCannotOpen if one, or the
// directory, cannot be read.
[[nodiscard]] Result<std::vector<WalFile>> read_wals(const std::filesystem::path& directory);

// Compares the logs with the mark. Fails with kCannotOpen, naming file and offset, if anything that
// was acknowledged (same boot) or synced (another boot) is not there. Otherwise cuts what follows
// the last whole write of a log, none of which was promised, and returns how many bytes that were.
[[nodiscard]] Result<std::uint64_t> check_wals(const std::vector<WalFile>& wals, const Mark& mark,
                                               BootId boot_id);

// Compares the manifest that is in use with the mark: RocksDB takes one that is cut short, or whose
// lengths are damaged, for the whole and deletes what it does not list. Errors: kCannotOpen.
[[nodiscard]] Result<void> check_manifest(const std::filesystem::path& directory, const Mark& mark);

// Removes the logs that hold nothing, once they are checked. RocksDB (7.8) would keep one for each
// start without a write.
[[nodiscard]] Result<void> remove_empty_wals(const std::vector<WalFile>& wals, Mark& mark);

struct CheckedStore {
  Mark mark;
  std::uint64_t cut_bytes = 0;
};

// All of the above for the store in `directory`, whose mark it opens. Errors: kCannotOpen, with
// held names.
[[nodiscard]] Result<CheckedStore> check_store(const Directory& directory, BootId boot_id);

}  // namespace millrace::storage
