#include "storage/rocksdb/file_system.h"

#include <atomic>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <mutex>
#include <string>
#include <utility>

#include <rocksdb/file_system.h>
#include <rocksdb/io_status.h>

#include "storage/rocksdb/mark.h"
#include "storage/rocksdb/wal_check.h"

namespace millrace::storage {
namespace {

// A write-ahead log that was made since the start.
struct Wal {
  Wal(rocksdb::FileSystem& files, const std::string& path, std::uint64_t file_number)
      : number(file_number) {
    if (!files.NewRandomRWFile(path, {}, &file, nullptr).ok()) file.reset();
  }

  [[nodiscard]] bool sync() const { return file && file->Sync({}, nullptr).ok(); }

  const std::uint64_t number;
  std::unique_ptr<rocksdb::FSRandomRWFile> file;  // Open for syncing after RocksDB has closed it.
  std::atomic<std::uint64_t> bytes{0};            // Written so far, also of a write under way.
  std::atomic<std::uint64_t> whole_bytes{0};      // Up to the end of the last whole write.
};

// Which log takes bytes now, and whether the one before it is on the device. RocksDB takes a long
// write in pieces, and a sync may fall between two of them: the mark counts whole writes.
class WalTracker {
 public:
  explicit WalTracker(Mark& mark) : mark_(mark) {}

  void created(std::uint64_t number) { mark_.add_wal(number); }
  void deleting(std::uint64_t number) { mark_.remove_wals_through(number); }

  // Called before `wal` takes its first bytes. False if the log before it could not be synced.
  bool start(const std::shared_ptr<Wal>& wal) {
    const std::lock_guard lock(mutex_);
    if (current_ && !sync_current()) return false;
    {
      const std::lock_guard current_lock(current_mutex_);
      current_ = wal;
    }
    mark_.start_wal(wal->number);
    return true;
  }

  // Called after a write has succeeded and before the next one begins. Never waits for a sync.
  void written() {
    const std::lock_guard lock(current_mutex_);
    if (current_) current_->whole_bytes = current_->bytes.load();
  }

  // A write waits for this only if it is the first of a new log.
  bool sync() {
    const std::lock_guard lock(mutex_);
    return !current_ || sync_current();
  }

 private:
  bool sync_current() {
    const std::uint64_t bytes = current_->whole_bytes;
    if (!current_->sync()) return false;
    mark_.set_synced({current_->number, bytes});
    return true;
  }

  Mark& mark_;
  std::mutex mutex_;          // Held while syncing.
  std::mutex current_mutex_;  // Taken after it; what changes current_ takes both.
  std::shared_ptr<Wal> current_;
};

class WalWritableFile final : public rocksdb::FSWritableFileOwnerWrapper {
 public:
  WalWritableFile(std::unique_ptr<rocksdb::FSWritableFile>&& file, std::shared_ptr<Wal> wal,
                  std::shared_ptr<WalTracker> tracker)
      : FSWritableFileOwnerWrapper(std::move(file)),
        wal_(std::move(wal)),
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

 private:
  rocksdb::IOStatus before_append() {
    if (has_started_) return rocksdb::IOStatus::OK();
    if (!tracker_->start(wal_)) {
      return rocksdb::IOStatus::IOError("the previous write-ahead log could not be synced");
    }
    has_started_ = true;
    return rocksdb::IOStatus::OK();
  }

  rocksdb::IOStatus count(std::uint64_t bytes, rocksdb::IOStatus status) {
    if (status.ok()) wal_->bytes += bytes;
    return status;
  }

  const std::shared_ptr<Wal> wal_;
  const std::shared_ptr<WalTracker> tracker_;
  bool has_started_ = false;  // RocksDB writes a file from one thread at a time.
};

// RocksDB's manifest, followed for the mark.
class ManifestFile final : public rocksdb::FSWritableFileOwnerWrapper {
 public:
  ManifestFile(std::unique_ptr<rocksdb::FSWritableFile>&& file, std::uint64_t number, Mark& mark)
      : FSWritableFileOwnerWrapper(std::move(file)), number_(number), mark_(mark) {}

  rocksdb::IOStatus Append(const rocksdb::Slice& data, const rocksdb::IOOptions& options,
                           rocksdb::IODebugContext* debug) override {
    bytes_ += data.size();
    return FSWritableFileOwnerWrapper::Append(data, options, debug);
  }
  rocksdb::IOStatus Append(const rocksdb::Slice& data, const rocksdb::IOOptions& options,
                           const rocksdb::DataVerificationInfo& verification,
                           rocksdb::IODebugContext* debug) override {
    bytes_ += data.size();
    return FSWritableFileOwnerWrapper::Append(data, options, verification, debug);
  }
  rocksdb::IOStatus Sync(const rocksdb::IOOptions& options,
                         rocksdb::IODebugContext* debug) override {
    return synced(FSWritableFileOwnerWrapper::Sync(options, debug));
  }
  rocksdb::IOStatus Fsync(const rocksdb::IOOptions& options,
                          rocksdb::IODebugContext* debug) override {
    return synced(FSWritableFileOwnerWrapper::Fsync(options, debug));
  }

 private:
  // RocksDB begins another manifest after a call on this one has failed.
  rocksdb::IOStatus synced(rocksdb::IOStatus status) {
    if (status.ok()) mark_.set_synced_manifest({number_, bytes_});
    return status;
  }

  const std::uint64_t number_;
  Mark& mark_;
  std::uint64_t bytes_ = 0;
};

class TrackingFileSystem final : public rocksdb::FileSystemWrapper {
 public:
  TrackingFileSystem(const std::shared_ptr<rocksdb::FileSystem>& base,
                     std::shared_ptr<WalTracker> tracker, Mark& mark)
      : FileSystemWrapper(base), tracker_(std::move(tracker)), mark_(mark) {}

  [[nodiscard]] const char* Name() const override { return "MillraceFileSystem"; }

  rocksdb::IOStatus NewWritableFile(const std::string& name, const rocksdb::FileOptions& options,
                                    std::unique_ptr<rocksdb::FSWritableFile>* result,
                                    rocksdb::IODebugContext* debug) override {
    rocksdb::IOStatus status = target()->NewWritableFile(name, options, result, debug);
    if (const auto manifest = manifest_number(name); status.ok() && manifest) {
      *result = std::make_unique<ManifestFile>(std::move(*result), *manifest, mark_);
      return status;
    }
    const auto number = wal_number(name);
    if (!status.ok() || !number) return status;
    // Syncing the log is no promise that its name stays. The mark names it from here on.
    status = sync_parent(name);
    if (!status.ok()) return status;
    *result = std::make_unique<WalWritableFile>(
        std::move(*result), std::make_shared<Wal>(*target(), name, *number), tracker_);
    tracker_->created(*number);
    return status;
  }

  rocksdb::IOStatus DeleteFile(const std::string& name, const rocksdb::IOOptions& options,
                               rocksdb::IODebugContext* debug) override {
    if (const auto number = wal_number(name)) tracker_->deleting(*number);
    return target()->DeleteFile(name, options, debug);
  }

 private:
  [[nodiscard]] rocksdb::IOStatus sync_parent(const std::string& name) const {
    const std::string parent = std::filesystem::path(name).parent_path().string();
    std::unique_ptr<rocksdb::FSDirectory> directory;
    auto status = target()->NewDirectory(parent, {}, &directory, nullptr);
    return status.ok() ? directory->Fsync({}, nullptr) : status;
  }

  const std::shared_ptr<WalTracker> tracker_;
  Mark& mark_;
};

}  // namespace

TrackedFiles track_files(const std::shared_ptr<rocksdb::FileSystem>& base, Mark& mark) {
  auto tracker = std::make_shared<WalTracker>(mark);
  return {std::make_shared<TrackingFileSystem>(base, tracker, mark),
          [tracker] { return tracker->sync(); }, [tracker] { tracker->written(); }};
}

}  // namespace millrace::storage
