#include "tests/storage/fault_file_system.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include <rocksdb/env.h>
#include <rocksdb/file_system.h>
#include <rocksdb/io_status.h>

#include "tests/storage/fault_device.h"

namespace millrace::storage {
namespace {

namespace fs = std::filesystem;
using rocksdb::IOStatus;

using File = FaultDevice::File;

}  // namespace

const char* name_of(FileCall call) {
  static constexpr std::array<const char*, kFileCallKinds> kNames = {"create",
                                                                     "append",
                                                                     "sync",
                                                                     "sync of a write-ahead log",
                                                                     "sync of a directory",
                                                                     "rename",
                                                                     "read",
                                                                     "delete",
                                                                     "truncate",
                                                                     "list",
                                                                     "open"};
  return kNames[static_cast<std::size_t>(call)];
}

class FaultFileSystem::Impl final : public rocksdb::FileSystemWrapper,
                                    public std::enable_shared_from_this<Impl> {
 public:
  Impl(fs::path directory, fs::path shadow)
      : FileSystemWrapper(rocksdb::Env::Default()->GetFileSystem()),
        device_(std::move(directory), std::move(shadow)) {}

  [[nodiscard]] const char* Name() const override { return "FaultFileSystem"; }

  IOStatus NewWritableFile(const std::string& path, const rocksdb::FileOptions& options,
                           std::unique_ptr<rocksdb::FSWritableFile>* result,
                           rocksdb::IODebugContext* debug) override;
  IOStatus NewRandomRWFile(const std::string& path, const rocksdb::FileOptions& options,
                           std::unique_ptr<rocksdb::FSRandomRWFile>* result,
                           rocksdb::IODebugContext* debug) override;
  IOStatus NewSequentialFile(const std::string& path, const rocksdb::FileOptions& options,
                             std::unique_ptr<rocksdb::FSSequentialFile>* result,
                             rocksdb::IODebugContext* debug) override;
  IOStatus NewRandomAccessFile(const std::string& path, const rocksdb::FileOptions& options,
                               std::unique_ptr<rocksdb::FSRandomAccessFile>* result,
                               rocksdb::IODebugContext* debug) override;
  IOStatus NewDirectory(const std::string& path, const rocksdb::IOOptions& options,
                        std::unique_ptr<rocksdb::FSDirectory>* result,
                        rocksdb::IODebugContext* debug) override;

  IOStatus GetChildren(const std::string& path, const rocksdb::IOOptions& options,
                       std::vector<std::string>* result, rocksdb::IODebugContext* debug) override {
    if (auto status = before(FileCall::kList, false); !status.ok()) return status;
    return target()->GetChildren(path, options, result, debug);
  }

  IOStatus DeleteFile(const std::string& path, const rocksdb::IOOptions& options,
                      rocksdb::IODebugContext* debug) override {
    const std::lock_guard lock(mutex_);
    if (auto status = before_locked(FileCall::kDelete, true); !status.ok()) return status;
    // The store has synced the mark before it lets go of a log.
    const std::string name = fs::path(path).filename();
    if (name.ends_with(".log")) device_.synced_mark();
    auto status = target()->DeleteFile(path, options, debug);
    if (status.ok()) device_.removed(name);
    return status;
  }

  IOStatus RenameFile(const std::string& from, const std::string& to,
                      const rocksdb::IOOptions& options, rocksdb::IODebugContext* debug) override {
    const std::lock_guard lock(mutex_);
    if (auto status = before_locked(FileCall::kRename, true); !status.ok()) return status;
    auto status = target()->RenameFile(from, to, options, debug);
    if (status.ok()) device_.renamed(fs::path(from).filename(), fs::path(to).filename());
    return status;
  }

  IOStatus Truncate(const std::string& path, std::size_t size, const rocksdb::IOOptions& options,
                    rocksdb::IODebugContext* debug) override {
    const std::lock_guard lock(mutex_);
    if (auto status = before_locked(FileCall::kTruncate, true); !status.ok()) return status;
    File& file = *device_.find(fs::path(path).filename());
    file.written = std::min<std::uint64_t>(file.written, size);
    file.synced = std::min(file.synced, file.written);
    return target()->Truncate(path, size, options, debug);
  }

  // Called by the files. Each is one step, with no other call in between.

  IOStatus append(File& file, rocksdb::FSWritableFile& target, const rocksdb::Slice& data,
                  const rocksdb::IOOptions& options, rocksdb::IODebugContext* debug) {
    if (const auto what = due_before_append()) what();
    const std::lock_guard lock(mutex_);
    if (auto status = before_locked(FileCall::kAppend, true); !status.ok()) {
      if (fault_ != Fault::kShortWrite) return status;
      const rocksdb::Slice half(data.data(), data.size() / 2);
      if (target.Append(half, options, debug).ok()) file.written += half.size();
      return status;
    }
    auto status = target.Append(data, options, debug);
    if (status.ok()) file.written += data.size();
    return status;
  }

  // Nothing is synced in earnest: the process that looks afterwards is this one.
  IOStatus sync(File& file) {
    const std::lock_guard lock(mutex_);
    if (auto status = before_locked(FileCall::kSync, true); !status.ok()) return status;
    file.synced = file.written;
    return IOStatus::OK();
  }

  IOStatus sync_wal(File& file) {
    const std::lock_guard lock(mutex_);
    const std::uint64_t number = ++wal_syncs_begun_;
    if (auto status = before_locked(FileCall::kSyncWal, true); !status.ok()) return status;
    file.synced = file.written;
    if (!has_ended_) wal_syncs_completed_ = number;
    return IOStatus::OK();
  }

  IOStatus sync_directory() {
    const std::lock_guard lock(mutex_);
    if (auto status = before_locked(FileCall::kSyncDirectory, true); !status.ok()) return status;
    device_.synced_directory();
    return IOStatus::OK();
  }

  IOStatus before(FileCall call, bool is_change) {
    const std::lock_guard lock(mutex_);
    return before_locked(call, is_change);
  }

  // Called by the test.

  void fail_at(FileCall call, std::uint64_t nth, Fault fault, bool stays) {
    const std::lock_guard lock(mutex_);
    failing_ = call;
    fail_from_ = calls_[static_cast<std::size_t>(call)] + nth;
    fault_ = fault;
    fault_stays_ = stays;
  }

  void heal() {
    const std::lock_guard lock(mutex_);
    failing_.reset();
  }

  void before_append(std::uint64_t nth, std::function<void()> what) {
    const std::lock_guard lock(mutex_);
    awaited_append_ = calls_[static_cast<std::size_t>(FileCall::kAppend)] + nth;
    before_awaited_ = std::move(what);
  }

  bool has_failed() {
    const std::lock_guard lock(mutex_);
    return has_failed_;
  }

  std::uint64_t calls(FileCall call) {
    const std::lock_guard lock(mutex_);
    return calls_[static_cast<std::size_t>(call)];
  }

  void end_at(std::uint64_t nth, End how, fs::path destination, std::uint64_t seed) {
    const std::lock_guard lock(mutex_);
    end_from_ = changes_ + nth;
    end_ = how;
    destination_ = std::move(destination);
    random_.emplace(seed);
  }

  void end_now() {
    const std::lock_guard lock(mutex_);
    if (!has_ended_) end();
  }

  bool has_ended() {
    const std::lock_guard lock(mutex_);
    return has_ended_;
  }

  std::uint64_t wal_syncs_begun() {
    const std::lock_guard lock(mutex_);
    return wal_syncs_begun_;
  }

  std::uint64_t wal_syncs_completed() {
    const std::lock_guard lock(mutex_);
    return wal_syncs_completed_;
  }

  void mark_is_synced() {
    const std::lock_guard lock(mutex_);
    device_.synced_mark();
  }

 private:
  // What is to be done before the append that comes next; mostly nothing.
  std::function<void()> due_before_append() {
    const std::lock_guard lock(mutex_);
    if (calls_[static_cast<std::size_t>(FileCall::kAppend)] + 1 != awaited_append_) return nullptr;
    return std::exchange(before_awaited_, nullptr);
  }

  // Counts a call and says whether it fails.
  IOStatus before_locked(FileCall call, bool is_change) {
    device_.take_stock();
    const std::uint64_t nth = ++calls_[static_cast<std::size_t>(call)];
    if (is_change && ++changes_ >= end_from_ && !has_ended_) end();
    if (failing_ != call || nth < fail_from_) return IOStatus::OK();
    if (nth > fail_from_ && !fault_stays_) return IOStatus::OK();
    has_failed_ = true;
    if (fault_ == Fault::kIoError) return IOStatus::IOError("injected");
    return IOStatus::NoSpace("injected");
  }

  void end() {
    has_ended_ = true;
    device_.take_stock();
    device_.write_left(end_, destination_, *random_);
  }

  std::mutex mutex_;  // Guards what is below.
  FaultDevice device_;
  std::array<std::uint64_t, kFileCallKinds> calls_{};
  std::optional<FileCall> failing_;
  std::uint64_t fail_from_ = 0;
  Fault fault_ = Fault::kIoError;
  bool fault_stays_ = false;
  bool has_failed_ = false;
  std::uint64_t awaited_append_ = 0;
  std::function<void()> before_awaited_;
  std::uint64_t changes_ = 0;
  std::uint64_t end_from_ = ~std::uint64_t{0};
  End end_ = End::kPowerCut;
  fs::path destination_;
  std::optional<std::mt19937_64> random_;  // From end_at() on.
  bool has_ended_ = false;
  std::uint64_t wal_syncs_begun_ = 0;
  std::uint64_t wal_syncs_completed_ = 0;
};

namespace {

using rocksdb::IODebugContext;
using rocksdb::IOOptions;
using rocksdb::Slice;

// The file system's files: each asks it before every call that it may fail. System is its Impl.

template <class System>
class WritableFile final : public rocksdb::FSWritableFileOwnerWrapper {
 public:
  WritableFile(std::unique_ptr<rocksdb::FSWritableFile>&& target, std::shared_ptr<File> file,
               std::shared_ptr<System> system)
      : FSWritableFileOwnerWrapper(std::move(target)),
        file_(std::move(file)),
        system_(std::move(system)) {}

  IOStatus Append(const Slice& data, const IOOptions& options, IODebugContext* debug) override {
    return system_->append(*file_, *target(), data, options, debug);
  }
  IOStatus Append(const Slice& data, const IOOptions& options,
                  const rocksdb::DataVerificationInfo& /*checksum*/,
                  IODebugContext* debug) override {
    return system_->append(*file_, *target(), data, options, debug);
  }
  IOStatus Sync(const IOOptions& /*options*/, IODebugContext* /*debug*/) override {
    return system_->sync(*file_);
  }
  IOStatus Fsync(const IOOptions& /*options*/, IODebugContext* /*debug*/) override {
    return system_->sync(*file_);
  }
  // Promises nothing: it may have begun to write, no more.
  IOStatus RangeSync(std::uint64_t /*offset*/, std::uint64_t /*size*/, const IOOptions& /*options*/,
                     IODebugContext* /*debug*/) override {
    return IOStatus::OK();
  }

 private:
  const std::shared_ptr<File> file_;
  const std::shared_ptr<System> system_;
};

template <class System>
class SyncHandle final : public rocksdb::FSRandomRWFileOwnerWrapper {
 public:
  SyncHandle(std::unique_ptr<rocksdb::FSRandomRWFile>&& target, std::shared_ptr<File> file,
             std::shared_ptr<System> system)
      : FSRandomRWFileOwnerWrapper(std::move(target)),
        file_(std::move(file)),
        system_(std::move(system)) {}

  IOStatus Sync(const IOOptions& /*options*/, IODebugContext* /*debug*/) override {
    return system_->sync_wal(*file_);
  }

 private:
  const std::shared_ptr<File> file_;
  const std::shared_ptr<System> system_;
};

template <class System>
class SequentialFile final : public rocksdb::FSSequentialFileOwnerWrapper {
 public:
  SequentialFile(std::unique_ptr<rocksdb::FSSequentialFile>&& target,
                 std::shared_ptr<System> system)
      : FSSequentialFileOwnerWrapper(std::move(target)), system_(std::move(system)) {}

  IOStatus Read(std::size_t size, const IOOptions& options, Slice* result, char* scratch,
                IODebugContext* debug) override {
    if (auto status = system_->before(FileCall::kRead, false); !status.ok()) return status;
    return target()->Read(size, options, result, scratch, debug);
  }

 private:
  const std::shared_ptr<System> system_;
};

template <class System>
class RandomAccessFile final : public rocksdb::FSRandomAccessFileOwnerWrapper {
 public:
  RandomAccessFile(std::unique_ptr<rocksdb::FSRandomAccessFile>&& target,
                   std::shared_ptr<System> system)
      : FSRandomAccessFileOwnerWrapper(std::move(target)), system_(std::move(system)) {}

  IOStatus Read(std::uint64_t offset, std::size_t size, const IOOptions& options, Slice* result,
                char* scratch, IODebugContext* debug) const override {
    if (auto status = system_->before(FileCall::kRead, false); !status.ok()) return status;
    return target()->Read(offset, size, options, result, scratch, debug);
  }
  IOStatus MultiRead(rocksdb::FSReadRequest* requests, std::size_t count, const IOOptions& options,
                     IODebugContext* debug) override {
    if (auto status = system_->before(FileCall::kRead, false); !status.ok()) return status;
    return target()->MultiRead(requests, count, options, debug);
  }

 private:
  const std::shared_ptr<System> system_;
};

template <class System>
class Directory final : public rocksdb::FSDirectoryWrapper {
 public:
  Directory(std::unique_ptr<rocksdb::FSDirectory>&& target, std::shared_ptr<System> system)
      : FSDirectoryWrapper(std::move(target)), system_(std::move(system)) {}

  IOStatus Fsync(const IOOptions& /*options*/, IODebugContext* /*debug*/) override {
    return system_->sync_directory();
  }
  IOStatus FsyncWithDirOptions(const IOOptions& /*options*/, IODebugContext* /*debug*/,
                               const rocksdb::DirFsyncOptions& /*reason*/) override {
    return system_->sync_directory();
  }

 private:
  const std::shared_ptr<System> system_;
};

}  // namespace

IOStatus FaultFileSystem::Impl::NewWritableFile(const std::string& path,
                                                const rocksdb::FileOptions& options,
                                                std::unique_ptr<rocksdb::FSWritableFile>* result,
                                                IODebugContext* debug) {
  const std::lock_guard lock(mutex_);
  if (auto status = before_locked(FileCall::kCreate, true); !status.ok()) return status;
  auto status = target()->NewWritableFile(path, options, result, debug);
  if (!status.ok()) return status;
  auto file = device_.created(path);
  *result = std::make_unique<WritableFile<Impl>>(std::move(*result), file, shared_from_this());
  return status;
}

IOStatus FaultFileSystem::Impl::NewRandomRWFile(const std::string& path,
                                                const rocksdb::FileOptions& options,
                                                std::unique_ptr<rocksdb::FSRandomRWFile>* result,
                                                IODebugContext* debug) {
  const std::lock_guard lock(mutex_);
  auto status = target()->NewRandomRWFile(path, options, result, debug);
  if (!status.ok()) return status;
  *result = std::make_unique<SyncHandle<Impl>>(
      std::move(*result), device_.find(fs::path(path).filename()), shared_from_this());
  return status;
}

IOStatus FaultFileSystem::Impl::NewSequentialFile(
    const std::string& path, const rocksdb::FileOptions& options,
    std::unique_ptr<rocksdb::FSSequentialFile>* result, IODebugContext* debug) {
  if (auto status = before(FileCall::kOpen, false); !status.ok()) return status;
  auto status = target()->NewSequentialFile(path, options, result, debug);
  if (!status.ok()) return status;
  *result = std::make_unique<SequentialFile<Impl>>(std::move(*result), shared_from_this());
  return status;
}

IOStatus FaultFileSystem::Impl::NewRandomAccessFile(
    const std::string& path, const rocksdb::FileOptions& options,
    std::unique_ptr<rocksdb::FSRandomAccessFile>* result, IODebugContext* debug) {
  if (auto status = before(FileCall::kOpen, false); !status.ok()) return status;
  auto status = target()->NewRandomAccessFile(path, options, result, debug);
  if (!status.ok()) return status;
  *result = std::make_unique<RandomAccessFile<Impl>>(std::move(*result), shared_from_this());
  return status;
}

IOStatus FaultFileSystem::Impl::NewDirectory(const std::string& path, const IOOptions& options,
                                             std::unique_ptr<rocksdb::FSDirectory>* result,
                                             IODebugContext* debug) {
  auto status = target()->NewDirectory(path, options, result, debug);
  if (!status.ok()) return status;
  *result = std::make_unique<Directory<Impl>>(std::move(*result), shared_from_this());
  return status;
}

FaultFileSystem::FaultFileSystem(fs::path directory, fs::path shadow)
    : impl_(std::make_shared<Impl>(std::move(directory), std::move(shadow))) {}

std::shared_ptr<rocksdb::FileSystem> FaultFileSystem::file_system() const { return impl_; }
void FaultFileSystem::fail_at(FileCall call, std::uint64_t nth, Fault fault, bool stays) {
  impl_->fail_at(call, nth, fault, stays);
}
void FaultFileSystem::heal() { impl_->heal(); }
void FaultFileSystem::before_append(std::uint64_t nth, std::function<void()> what) {
  impl_->before_append(nth, std::move(what));
}
bool FaultFileSystem::has_failed() const { return impl_->has_failed(); }
std::uint64_t FaultFileSystem::calls(FileCall call) const { return impl_->calls(call); }
void FaultFileSystem::end_at(std::uint64_t nth, End how, fs::path destination, std::uint64_t seed) {
  impl_->end_at(nth, how, std::move(destination), seed);
}
void FaultFileSystem::end_now() { impl_->end_now(); }
bool FaultFileSystem::has_ended() const { return impl_->has_ended(); }
std::uint64_t FaultFileSystem::wal_syncs_begun() const { return impl_->wal_syncs_begun(); }
std::uint64_t FaultFileSystem::wal_syncs_completed() const { return impl_->wal_syncs_completed(); }
void FaultFileSystem::set_background_threads(int count) {
  for (const auto priority : {rocksdb::Env::HIGH, rocksdb::Env::LOW}) {
    rocksdb::Env::Default()->SetBackgroundThreads(count, priority);
  }
}
void FaultFileSystem::mark_is_synced() { impl_->mark_is_synced(); }

}  // namespace millrace::storage
