// The data directory: who may open it, and what kind it is.
//
//   FORMAT     "millrace N\n"; N is the format of everything below
//   lock       held by the one process that uses the directory; its process id as text
//   mark       storage/mark.h
//   seal.key   32 random bytes, mode 0600: seals iterators and next tokens
//   ca.pem     key and certificate that sign the server's certificate (server/tls), mode 0600
//   db/        RocksDB's files

#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>

#include "base/digest.h"
#include "base/error.h"
#include "base/random.h"

namespace millrace::storage {

inline constexpr int kFormatVersion = 2;

// Format 1 was never released. Its keys had no epoch in front.
inline constexpr int kFormatVersionMin = 2;

class Directory {
 public:
  // Makes or takes the directory and holds it until destruction. Errors, all kCannotOpen with a
  // sentence for people: in use by another process, not one of ours, of another format.
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

  [[nodiscard]] const std::filesystem::path& path() const { return path_; }
  [[nodiscard]] std::filesystem::path mark_path() const { return path_ / "mark"; }
  [[nodiscard]] std::filesystem::path db_path() const { return path_ / "db"; }

 private:
  Directory(std::filesystem::path path, int lock) : path_(std::move(path)), lock_(lock) {}

  std::filesystem::path path_;
  int lock_;
  bool is_complete_ = false;
};

// The bytes of a file; none if it cannot be opened. Errors: kFailed if the device refuses.
[[nodiscard]] Result<std::string> read_whole(const std::filesystem::path& path);

// How many bytes the files directly in `path` have. Some may come or go meanwhile.
[[nodiscard]] std::uint64_t bytes_of_files(const std::filesystem::path& path);

}  // namespace millrace::storage
