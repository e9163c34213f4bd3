#include "storage/file_system.h"

#include <fcntl.h>
#include <rocksdb/file_system.h>
#include <rocksdb/io_status.h>
#include <unistd.h>

#include <atomic>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>

#include "storage/mark.h"

namespace millrace::storage {
namespace {

// The number of a write-ahead log, from its file name.
std::optional<std::uint64_t> wal_number(const std::string& name) {
  const std::filesystem::path path(name);
  const std::string stem = path.stem().string();
  if (path.extension() != ".log" || stem.empty()) return std::nullopt;
  if (stem.find_first_not_of("0123456789") != std::string::npos) return std::nullopt;
  return std::stoull(stem);
}

bool sync_path(const std::string& path) {
  const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) return true;  // Deleted since: nobody needs it.
  const bool ok = ::fdatasync(descriptor) == 0;
  ::close(descriptor);
  return ok;
}

// Which log takes bytes now, and whether the one before it is on the device.
class WalTracker {
 public:
  explicit WalTracker(Mark& mark) : mark_(mark) {}

  void created(std::uint64_t number) { mark_.add_wal(number); }
  void deleting(std::uint64_t number) { mark_.remove_wal(number); }

  // Called before `path` takes bytes. False if the log before it could not be synced.
  bool before_append(const std::string& path) {
    const std::lock_guard lock(mutex_);
    if (path == current_) return true;
    if (!current_.empty() && !sync_path(current_)) return false;
    current_ = path;
    return true;
  }

  void synced(std::uint64_t number, std::uint64_t bytes) { mark_.set_synced({number, bytes}); }

 private:
  Mark& mark_;
  std::mutex mutex_;
  std::string current_;
};

class WalWritableFile final : public rocksdb::FSWritableFileOwnerWrapper {
 public:
  WalWritableFile(std::unique_ptr<rocksdb::FSWritableFile>&& file, std::string path,
                  std::uint64_t number, std::shared_ptr<WalTracker> tracker)
      : FSWritableFileOwnerWrapper(std::move(file)),
        path_(std::move(path)),
        number_(number),
        tracker_(std::move(tracker)) {}

  using FSWritableFileOwnerWrapper::Append;

  rocksdb::IOStatus Append(const rocksdb::Slice& data, const rocksdb::IOOptions& options,
                           rocksdb::IODebugContext* debug) override {
    if (auto status = before_append(); !status.ok()) return status;
    return count(data.size(), FSWritableFileOwnerWrapper::Append(data, options, debug));
  }

  rocksdb::IOStatus Append(const rocksdb::Slice& data, const rocksdb::IOOptions& options,
                           const rocksdb::DataVerificationInfo& verification,
                           rocksdb::IODebugContext* debug) override {
    if (auto status = before_append(); !status.ok()) return status;
    return count(data.size(),
                 FSWritableFileOwnerWrapper::Append(data, options, verification, debug));
  }

  rocksdb::IOStatus Sync(const rocksdb::IOOptions& options,
                         rocksdb::IODebugContext* debug) override {
    const std::uint64_t bytes = bytes_.load();
    return synced(bytes, FSWritableFileOwnerWrapper::Sync(options, debug));
  }

  rocksdb::IOStatus Fsync(const rocksdb::IOOptions& options,
                          rocksdb::IODebugContext* debug) override {
    const std::uint64_t bytes = bytes_.load();
    return synced(bytes, FSWritableFileOwnerWrapper::Fsync(options, debug));
  }

 private:
  rocksdb::IOStatus before_append() {
    if (started_.load(std::memory_order_relaxed)) return rocksdb::IOStatus::OK();
    if (!tracker_->before_append(path_)) {
      return rocksdb::IOStatus::IOError("the previous write-ahead log could not be synced");
    }
    started_ = true;
    return rocksdb::IOStatus::OK();
  }

  rocksdb::IOStatus count(std::uint64_t bytes, rocksdb::IOStatus status) {
    if (status.ok()) bytes_ += bytes;
    return status;
  }

  rocksdb::IOStatus synced(std::uint64_t bytes, rocksdb::IOStatus status) {
    if (status.ok()) tracker_->synced(number_, bytes);
    return status;
  }

  const std::string path_;
  const std::uint64_t number_;
  const std::shared_ptr<WalTracker> tracker_;
  std::atomic<bool> started_{false};
  std::atomic<std::uint64_t> bytes_{0};
};

class TrackingFileSystem final : public rocksdb::FileSystemWrapper {
 public:
  TrackingFileSystem(std::shared_ptr<rocksdb::FileSystem> base, Mark& mark)
      : FileSystemWrapper(std::move(base)), tracker_(std::make_shared<WalTracker>(mark)) {}

  [[nodiscard]] const char* Name() const override { return "MillraceFileSystem"; }

  rocksdb::IOStatus NewWritableFile(const std::string& name, const rocksdb::FileOptions& options,
                                    std::unique_ptr<rocksdb::FSWritableFile>* result,
                                    rocksdb::IODebugContext* debug) override {
    rocksdb::IOStatus status = target()->NewWritableFile(name, options, result, debug);
    const auto number = wal_number(name);
    if (!status.ok() || !number) return status;
    *result = std::make_unique<WalWritableFile>(std::move(*result), name, *number, tracker_);
    tracker_->created(*number);
    return status;
  }

  rocksdb::IOStatus DeleteFile(const std::string& name, const rocksdb::IOOptions& options,
                               rocksdb::IODebugContext* debug) override {
    if (const auto number = wal_number(name)) tracker_->deleting(*number);
    return target()->DeleteFile(name, options, debug);
  }

 private:
  std::shared_ptr<WalTracker> tracker_;
};

}  // namespace

std::shared_ptr<rocksdb::FileSystem> make_file_system(std::shared_ptr<rocksdb::FileSystem> base,
                                                      Mark& mark) {
  return std::make_shared<TrackingFileSystem>(std::move(base), mark);
}

}  // namespace millrace::storage
