#include "storage/rocksdb/checkpoint.h"

#include <cstdint>
#include <filesystem>
#include <limits>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <rocksdb/db.h>
#include <rocksdb/env.h>
#include <rocksdb/metadata.h>
#include <rocksdb/options.h>
#include <rocksdb/status.h>
#include <rocksdb/types.h>

#include "base/error.h"
#include "storage/rocksdb/rocksdb_store.h"

namespace millrace::storage {
namespace {

rocksdb::Status sync_directory(rocksdb::Env& env, const std::string& path) {
  std::unique_ptr<rocksdb::Directory> directory;
  rocksdb::Status status = env.NewDirectory(path, &directory);
  return status.ok() ? directory->Fsync() : status;
}

std::string in(std::string_view directory, std::string_view name) {
  std::string path(directory);
  path += '/';
  path += name;
  return path;
}

rocksdb::Status copy_file(rocksdb::Env& env, const StoreFile& file, const std::string& place) {
  const std::string from = in(file.directory, file.name);
  const std::string to = in(place, file.name);
  if (file.is_linked) return env.LinkFile(from, to);
  std::string bytes = file.replacement;
  if (bytes.empty()) {
    if (auto status = rocksdb::ReadFileToString(&env, from, &bytes); !status.ok()) return status;
    if (bytes.size() < file.bytes) return rocksdb::Status::Corruption(from + " is too short");
    bytes.resize(file.bytes);
  }
  return rocksdb::WriteStringToFile(&env, bytes, to, true);
}

rocksdb::Status copy_all(rocksdb::Env& env, const std::vector<StoreFile>& files,
                         const std::string& place) {
  if (auto status = env.CreateDir(place); !status.ok()) return status;
  for (const StoreFile& file : files) {
    if (auto status = copy_file(env, file, place); !status.ok()) return status;
  }
  return sync_directory(env, place);
}

// A failure leaves a file or two, which the next attempt removes.
void remove_copy(rocksdb::Env& env, const std::string& place) {
  std::vector<std::string> names;
  env.GetChildren(place, &names).PermitUncheckedError();
  for (const std::string& name : names) env.DeleteFile(in(place, name)).PermitUncheckedError();
  env.DeleteDir(place).PermitUncheckedError();
}

}  // namespace

KeptFiles::KeptFiles(rocksdb::DB& db) : db_(db) {
  db_.DisableFileDeletions().PermitUncheckedError();
}

KeptFiles::~KeptFiles() { db_.EnableFileDeletions(false).PermitUncheckedError(); }

Result<std::vector<StoreFile>> files_of(rocksdb::DB& db, bool with_flush) {
  rocksdb::LiveFilesStorageInfoOptions options;
  options.wal_size_for_flush = with_flush ? 0 : std::numeric_limits<std::uint64_t>::max();
  std::vector<rocksdb::LiveFileStorageInfo> live;
  if (auto status = db.GetLiveFilesStorageInfo(options, &live); !status.ok()) {
    return std::unexpected(to_error(status));
  }
  std::vector<StoreFile> files;
  for (const rocksdb::LiveFileStorageInfo& file : live) {
    const bool is_linked = file.file_type == rocksdb::kTableFile;
    files.push_back(
        {file.directory, file.relative_filename, is_linked, file.size, file.replacement_contents});
  }
  return files;
}

Result<std::vector<StoreFile>> files_of_copy(rocksdb::Env& env, const std::string& directory) {
  std::vector<std::string> names;
  if (auto status = env.GetChildren(directory, &names); !status.ok()) {
    return std::unexpected(to_error(status));
  }
  std::vector<StoreFile> files;
  for (const std::string& name : names) {
    StoreFile file{directory, name, name.ends_with(".sst"), 0, ""};
    if (auto status = env.GetFileSize(in(directory, name), &file.bytes); !status.ok()) {
      return std::unexpected(to_error(status));
    }
    files.push_back(std::move(file));
  }
  return files;
}

Result<void> copy_files(rocksdb::Env& env, const std::vector<StoreFile>& files,
                        const std::string& place) {
  const std::string draft = place + ".new";
  remove_copy(env, draft);
  rocksdb::Status status = env.FileExists(place);
  status = status.IsNotFound() ? copy_all(env, files, draft)
                               : rocksdb::Status::IOError(place + " is there already");
  if (status.ok()) status = env.RenameFile(draft, place);
  const bool is_renamed = status.ok();
  if (is_renamed) {
    status = sync_directory(env, std::filesystem::path(place).parent_path().string());
  }
  if (status.ok()) return {};
  remove_copy(env, is_renamed ? place : draft);
  return std::unexpected(to_error(status));
}

}  // namespace millrace::storage
