// The data directory: who may open it, and what kind it is.
//
//   FORMAT     "millrace N\n"; N is the format of everything below
//   lock       held by the one process that uses the directory; its process id as text. The
//   directory
//              itself is locked too: somebody may remove a file
//   mark       storage/rocksdb/mark.h
//   seal.key   32 random bytes, mode 0600: seals iterators and next tokens
//   ca.pem     key and certificate that sign the server's certificate (app/tls), mode 0600
//   db/        RocksDB's files

#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/digest.h"
#include "base/error.h"
#include "base/random.h"
#include "storage/name_watch.h"

namespace millrace::storage {

// Formats 1 to 4 were never released and are not read. Keys of 1 had no epoch in front; rows of 2
// had no seconds at which shards were opened and closed; rows and logs of 3 had no
// tenant; rows of streams of 4 did not tell one change from the next.
inline constexpr int kFormatVersion = 5;

class Directory {
 public:
  // Makes or takes the directory and holds it until destruction. Errors, all kCannotOpen with a
  // sentence for people: in use by another process, not one of ours, of another format, unreadable.
  [[nodiscard]] static Result<Directory> open(const std::filesystem::path& path);

  Directory(Directory&& other) noexcept;
  Directory& operator=(Directory&&) = delete;
  Directory(const Directory&) = delete;
  Directory& operator=(const Directory&) = delete;
  ~Directory();

  // False until finish_creation() has run once.
  [[nodiscard]] bool is_complete() const { return is_complete_; }

  // Writes FORMAT, the last step of making a directory.
  [[nodiscard]] Result<void> finish_creation();

  // Reads the key, or makes one. Errors: kCannotOpen.
  [[nodiscard]] Result<SealKey> seal_key(Random& random) const;

  // The bytes of the file `name`, which is its owner's alone; the first time they are what `make`
  // gives, kept from then on. Errors: kCannotOpen, and those of `make`.
  [[nodiscard]] Result<std::string> kept(const std::string& name,
                                         const std::function<Result<std::string>()>& make) const;

  // Tells whether the name still leads to this directory: it may be removed, renamed, or another
  // one may have been put in its place while it is in use.
  [[nodiscard]] NameWatch& name_watch() const { return *name_watch_; }

  // The absolute name the directory was opened by, for people.
  [[nodiscard]] const std::filesystem::path& path() const { return path_; }

  // The same directory whatever becomes of its name (through /proc, where that is mounted):
  // everything that is read, made, renamed or removed in it goes by this, so that nothing is ever
  // done to another directory of the same name.
  [[nodiscard]] const std::filesystem::path& held_path() const { return held_; }
  [[nodiscard]] std::filesystem::path mark_path() const { return held_ / "mark"; }
  [[nodiscard]] std::filesystem::path db_path() const { return held_ / "db"; }

  // `text` with names that people know in place of held ones.
  [[nodiscard]] std::string shown(std::string text) const;

  // `result` with its error, if it is one, as shown().
  template <class T>
  [[nodiscard]] Result<T> shown(Result<T> result) const {
    if (!result) result.error().message = shown(std::move(result.error().message));
    return result;
  }

 private:
  explicit Directory(std::filesystem::path path) : path_(std::move(path)) {}

  // Locks the directory itself and opens what is in it. Errors: kCannotOpen, with held names.
  Result<void> hold();
  Result<void> take_lock();

  std::filesystem::path path_;
  std::filesystem::path held_;
  std::unique_ptr<NameWatch> name_watch_;  // Of the lock file, by the directory's name.
  int directory_ = -1;
  int lock_ = -1;
  bool is_complete_ = false;
};

// True if there is a data directory at `path`, of whatever format. Makes nothing.
[[nodiscard]] bool is_data_directory(const std::filesystem::path& path);

// The bytes of a regular file. Errors: kFailed, with a sentence for people, if it cannot be opened
// or read; a file that cannot be opened is not an empty one.
[[nodiscard]] Result<std::string> read_whole(const std::filesystem::path& path);

// The same; nullopt if there is no such file.
[[nodiscard]] Result<std::optional<std::string>> read_if_there(const std::filesystem::path& path);

// The names of what is in a directory. Errors: kFailed, with a sentence for people.
[[nodiscard]] Result<std::vector<std::string>> names_in(const std::filesystem::path& directory);

// How many bytes the files directly in `path` have. Some may come or go meanwhile.
[[nodiscard]] std::uint64_t bytes_of_files(const std::filesystem::path& path);

}  // namespace millrace::storage
