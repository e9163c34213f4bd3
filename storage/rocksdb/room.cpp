#include "storage/rocksdb/room.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <system_error>

#include <rocksdb/db.h>
#include <rocksdb/status.h>

#include "base/error.h"
#include "storage/directory.h"
#include "storage/errors.h"
#include "storage/rocksdb/rocksdb_store.h"

namespace millrace::storage {
namespace {

// How often the device and the memory are looked at while a write buffer fills.
constexpr std::size_t kLooksPerBuffer = 96;

// On a small device an epoch ends early, but not before it has so many looks' bytes.
constexpr std::size_t kLooksPerEpochMin = 4;

Error away() {
  return {kFailed,
          "The data directory was moved or removed. The store takes no writes until it is "
          "restarted."};
}

}  // namespace

Result<void> Room::takes(bool has_entries) const {
  if (is_away_) return std::unexpected(away());
  if (has_failed_) {
    return fail(kFailed,
                "Writing or syncing failed. The store takes no writes until it is restarted.");
  }
  if (is_full_ && directory_ != nullptr) return fail(kFull, "The data directory is full.");
  if (is_full_ && has_entries) return fail(kFull, "The memory budget is used up.");
  if (has_entries && options_.disk_bytes_max != 0 && disk_bytes_ > options_.disk_bytes_max) {
    return fail(kFull, "The disk budget is used up.");
  }
  return {};
}

bool Room::is_in_place() const {
  return directory_ == nullptr || note_place(directory_->name_watch().leads_there());
}

bool Room::note_place(bool is_in_place) const {
  if (!is_in_place && !is_away_.exchange(true)) {
    options_.warn("data directory " + directory_->path().string() +
                  " was moved or removed: nothing more is written");
  }
  return is_in_place;
}

Error Room::error_of(const rocksdb::Status& status) const {
  return is_away_ ? away() : to_error(status);
}

void Room::note_failure(const rocksdb::Status& status) {
  if (status.IsNoSpace()) {
    is_stuck_ = true;
    is_full_ = true;
  } else {
    has_failed_ = true;
  }
}

std::size_t Room::look_bytes() const { return options_.write_buffer_bytes / kLooksPerBuffer; }

// Bytes that are in no table file yet. After a failed write RocksDB takes no other before it has
// written them all out, for which there must be room.
std::uint64_t Room::unwritten_bytes() const {
  std::uint64_t all = 0;
  std::uint64_t active = 0;
  rocksdb::DB& db = store_->db();
  db.GetIntProperty(store_->records(), rocksdb::DB::Properties::kCurSizeAllMemTables, &all);
  db.GetIntProperty(store_->records(), rocksdb::DB::Properties::kCurSizeActiveMemTable, &active);
  return unflushed_bytes_ + (all - std::min(all, active));
}

Room::Device Room::look_at_device() const {
  if (directory_ == nullptr) return Device::kPlenty;
  std::error_code error;
  const auto space = std::filesystem::space(directory_->held_path(), error);
  if (error) return Device::kPlenty;  // Writing tells what is wrong with it.
  const std::uint64_t unwritten = is_stuck_ ? 0 : unwritten_bytes();
  // With as much as may be written between two looks.
  const std::uint64_t left =
      std::min(options_.free_bytes_min, space.capacity / 50) + 2 * look_bytes();
  if (space.available < unwritten + left) return Device::kNone;
  return space.available < 2 * unwritten + left ? Device::kShort : Device::kPlenty;
}

void Room::look_at_memory() {
  std::uint64_t used = 0;
  std::uint64_t files = 0;
  rocksdb::DB& db = store_->db();
  db.GetAggregatedIntProperty(rocksdb::DB::Properties::kCurSizeAllMemTables, &used);
  db.GetAggregatedIntProperty(rocksdb::DB::Properties::kTotalSstFilesSize, &files);
  is_full_ = used + files > options_.memory_bytes_max;
}

void Room::look() {
  if (directory_ == nullptr) return look_at_memory();
  if (!note_place(directory_->name_watch().look())) return;
  mark_->sync();
  if (options_.disk_bytes_max != 0) disk_bytes_ = bytes_of_files(directory_->db_path());
  const bool is_short = look_at_device() == Device::kNone;
  if (!is_short && is_stuck_) is_stuck_ = !store_->resume().ok();
  is_full_ = is_short || is_stuck_;
}

bool Room::note_written(std::size_t bytes, std::uint64_t epoch_bytes) {
  disk_bytes_ += bytes;
  unlooked_bytes_ += bytes;
  if (unlooked_bytes_ < look_bytes()) return false;
  unlooked_bytes_ = 0;
  unflushed_bytes_ = epoch_bytes;
  if (directory_ == nullptr) look_at_memory();
  const Device device = look_at_device();
  if (device == Device::kNone) is_full_ = true;  // Until the next look.
  const bool is_worth_it = epoch_bytes >= kLooksPerEpochMin * look_bytes();
  return is_epoch_full(store_->db(), store_->records(), options_) ||
         (device != Device::kPlenty && is_worth_it);
}

}  // namespace millrace::storage
