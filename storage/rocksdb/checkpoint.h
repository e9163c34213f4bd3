// Copies of a store's files. Table files never change once they are written: a copy holds them by
// hard links and takes no space for them.
//
// For storage/*.cpp only.

#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/error.h"

namespace rocksdb {
class DB;
class Env;
}  // namespace rocksdb

namespace millrace::storage {

// Keeps the files of a store that are no longer needed while it lives: they may be in a copy.
class KeptFiles {
 public:
  explicit KeptFiles(rocksdb::DB& db);
  KeptFiles(const KeptFiles&) = delete;
  KeptFiles& operator=(const KeptFiles&) = delete;
  ~KeptFiles();

 private:
  rocksdb::DB& db_;
};

// A file that belongs to a copy.
struct StoreFile {
  std::string directory;
  std::string name;
  bool is_linked = false;   // Else its bytes are copied.
  std::uint64_t bytes = 0;  // Those at its front; what follows was written later.
  std::string replacement;  // What the copy has instead, if it is not empty.
};

// The files of an open store, at a moment between two writes. What is in memtables only is written
// out first if `with_flush`; else the write-ahead logs have it. The files are there for as long as
// KeptFiles live. Errors: kFull, kFailed.
[[nodiscard]] Result<std::vector<StoreFile>> files_of(rocksdb::DB& db, bool with_flush);

// Those of a copy. Errors: kFailed.
[[nodiscard]] Result<std::vector<StoreFile>> files_of_copy(rocksdb::Env& env,
                                                           const std::string& directory);

// Makes the directory `place` of `files`, whole and on the device, or not at all. Errors: kFull,
// kFailed.
[[nodiscard]] Result<void> copy_files(rocksdb::Env& env, const std::vector<StoreFile>& files,
                                      const std::string& place);

}  // namespace millrace::storage
