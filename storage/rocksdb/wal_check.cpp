#include "storage/rocksdb/wal_check.h"

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include "base/digest.h"
#include "base/error.h"
#include "base/try.h"
#include "storage/directory.h"
#include "storage/errors.h"
#include "storage/rocksdb/mark.h"

namespace millrace::storage {
namespace {

constexpr std::size_t kBlockBytes = 32768;
constexpr std::size_t kHeaderBytes = 7;
constexpr std::size_t kBatchHeaderBytes = 12;

enum FragmentType : unsigned { kFull = 1, kFirst = 2, kMiddle = 3, kLast = 4 };

std::uint64_t little_endian(std::string_view bytes, std::size_t count) {
  std::uint64_t value = 0;
  for (std::size_t i = count; i-- > 0;) value = value << 8U | static_cast<unsigned char>(bytes[i]);
  return value;
}

// RocksDB stores a checksum rotated and shifted, so that a checksum of checksums stays useful.
std::uint32_t unmask(std::uint32_t masked) {
  const std::uint32_t rotated = masked - 0xa282ead8U;
  return rotated >> 17U | rotated << 15U;
}

// Takes the log apart, one fragment after the other.
class WalScan {
 public:
  // A log of another kind than writes, RocksDB's manifest, has the same form and other content.
  explicit WalScan(std::string_view log, bool has_writes = true)
      : log_(log), has_writes_(has_writes) {}

  void run(WalFile& file) {
    while (!damage_ && at_ < log_.size()) step(file);
    if (!damage_ && in_write_) {
      damage_ = "the log ends within a write";
      is_torn_ = true;
    }
    // Its checksum cannot be tested, so this is a hint: the numbers are compared after opening too.
    if (is_torn_ && file.good_bytes == 0 && log_.size() >= kHeaderBytes + kBatchHeaderBytes) {
      file.torn_sequence = little_endian(log_.substr(kHeaderBytes), 8);
    }
    if (damage_ && file.good_bytes < file.file_bytes) file.damage = damage_;
  }

 private:
  void step(WalFile& file) {
    const std::size_t left_in_block = kBlockBytes - at_ % kBlockBytes;
    if (left_in_block < kHeaderBytes) {
      at_ = std::min(log_.size(), at_ + left_in_block);
      return;
    }
    is_torn_ = log_.size() - at_ < kHeaderBytes;
    if (is_torn_) return stop("a header is cut off");
    const std::string_view header = log_.substr(at_, kHeaderBytes);
    const auto size = static_cast<std::size_t>(little_endian(header.substr(4), 2));
    const auto type = static_cast<unsigned char>(header[6]);
    if (size > left_in_block - kHeaderBytes) return stop("a length is impossible");
    is_torn_ = log_.size() - at_ - kHeaderBytes < size;
    if (is_torn_) return stop("a write is cut off");
    const std::string_view payload = log_.substr(at_ + kHeaderBytes, size);
    const auto stored = static_cast<std::uint32_t>(little_endian(header, 4));
    if (crc32c(payload, crc32c(header.substr(6))) != unmask(stored))
      return stop("a checksum differs");
    const bool begins = type == kFull || type == kFirst;
    if (type < kFull || type > kLast || begins == in_write_)
      return stop("a fragment is out of place");
    at_ += kHeaderBytes + size;

    if (begins) head_.clear();
    if (head_.size() < kBatchHeaderBytes) head_ += payload.substr(0, kBatchHeaderBytes);
    in_write_ = type == kFirst || type == kMiddle;
    if (!in_write_) end_write(file);
  }

  void end_write(WalFile& file) {
    if (!has_writes_) {
      file.good_bytes = at_;
      return;
    }
    if (head_.size() < kBatchHeaderBytes) return stop("a write is too short");
    const std::uint64_t sequence = little_endian(head_, 8);
    const std::uint64_t count = little_endian(std::string_view(head_).substr(8), 4);
    if (file.first_sequence == 0) file.first_sequence = sequence;
    // A batch of nothing, which opening writes, carries the number the next write will have.
    if (sequence + count > 0) {
      file.last_sequence = std::max(file.last_sequence, sequence + count - 1);
    }
    file.has_entries = file.has_entries || count > 0;
    file.good_bytes = at_;
  }

  void stop(std::string why) { damage_ = std::move(why); }

  std::string_view log_;
  bool has_writes_;
  std::size_t at_ = 0;
  std::string head_;
  bool in_write_ = false;
  bool is_torn_ = false;  // The file ends where it should go on.
  std::optional<std::string> damage_;
};

// What all of a name's digits say; nullopt if there is anything else, or more than RocksDB counts.
std::optional<std::uint64_t> file_number(std::string_view digits) {
  std::uint64_t number = 0;
  const auto parsed = std::from_chars(digits.data(), digits.data() + digits.size(), number);
  const bool is_whole = parsed.ec == std::errc{} && parsed.ptr == digits.data() + digits.size();
  return is_whole && !digits.empty() ? std::optional(number) : std::nullopt;
}

std::string place(const WalFile& wal) {
  return wal.path.string() + " at byte " + std::to_string(wal.good_bytes) + " (" +
         wal.damage.value_or("the log ends") + ")";
}

// Whether no sequence number is missing between two logs.
bool continues(const WalFile& before, const WalFile& after, const Mark::Burnt& burnt) {
  const std::uint64_t next = before.last_sequence + 1;
  if (after.first_sequence <= next) return true;
  return burnt.from < next && after.first_sequence - 1 <= burnt.to;
}

Result<void> check_present(const std::vector<WalFile>& wals, const Mark& mark) {
  for (const std::uint64_t needed : mark.wals()) {
    if (std::ranges::find(wals, needed, &WalFile::number) != wals.end()) continue;
    return fail(kCannotOpen, "write-ahead log number " + std::to_string(needed) +
                                 " is missing; acknowledged records were in it");
  }
  return {};
}

// Whether something was committed to `wal` and nothing is left of it: the next log took its first
// bytes when more was committed than at its own.
bool is_emptied(const WalFile& wal, const Mark& mark) {
  if (wal.first_sequence != 0) return false;
  const auto at_start = mark.committed_before(wal.number);
  std::vector<std::uint64_t> later = mark.wals();
  std::erase_if(later, [&](std::uint64_t number) {
    return number <= wal.number || !mark.committed_before(number);
  });
  if (!at_start || later.empty()) return false;
  return *mark.committed_before(std::ranges::min(later)) > *at_start;
}

Result<void> check_promises(const std::vector<WalFile>& wals, const Mark& mark, BootId boot_id) {
  const bool same_boot = mark.boot_id() == boot_id;
  const std::vector<std::uint64_t> needed = mark.wals();
  const std::uint64_t oldest = needed.empty() ? 0 : std::ranges::min(needed);
  const WalFile* before = nullptr;
  for (const WalFile& wal : wals) {
    const bool is_synced_one = wal.number == mark.synced().number;
    if (is_synced_one && wal.good_bytes < mark.synced().bytes) {
      return fail(kCannotOpen, "synced data is damaged: " + place(wal));
    }
    if (is_emptied(wal, mark)) {
      return fail(kCannotOpen, "acknowledged data is damaged: " + place(wal));
    }
    // An end between two deletions leaves logs that nothing is read from any more.
    if (wal.first_sequence == 0 || wal.number < oldest) continue;
    if (before != nullptr && !continues(*before, wal, mark.burnt())) {
      return fail(kCannotOpen, "acknowledged data is damaged: " + place(*before));
    }
    before = &wal;
  }
  if (!same_boot || wals.empty()) return {};
  const WalFile& damaged = before != nullptr && before->damage ? *before : wals.back();
  if (!damaged.damage) return {};
  // A log whose first write is cut off says itself that all before that write is elsewhere.
  std::uint64_t reached = before != nullptr ? before->last_sequence : 0;
  if (before == nullptr && damaged.torn_sequence > 0) reached = damaged.torn_sequence - 1;
  if (reached < mark.last_sequence()) {
    return fail(kCannotOpen, "acknowledged data is damaged: " + place(damaged));
  }
  return {};
}

}  // namespace

std::optional<std::uint64_t> manifest_number(const std::filesystem::path& path) {
  constexpr std::string_view kPrefix = "MANIFEST-";
  const std::string name = path.filename().string();
  if (!name.starts_with(kPrefix)) return std::nullopt;
  return file_number(std::string_view(name).substr(kPrefix.size()));
}

std::optional<std::uint64_t> wal_number(const std::filesystem::path& path) {
  constexpr std::string_view kSuffix = ".log";
  const std::string name = path.filename().string();
  if (!name.ends_with(kSuffix)) return std::nullopt;
  return file_number(std::string_view(name).substr(0, name.size() - kSuffix.size()));
}

Result<void> check_manifest(const std::filesystem::path& directory, const Mark& mark) {
  const auto current = read_if_there(directory / "CURRENT");
  if (!current) return fail(kCannotOpen, current.error().message);
  const std::string name = current->value_or("").substr(0, current->value_or("").find('\n'));
  const auto number = manifest_number(name);
  // RocksDB says what is wrong if there is none. A new one may be synced and not yet in use.
  if (!number || *number != mark.synced_manifest().number) return {};
  WalFile file;
  file.path = directory / name;
  const auto log = read_whole(file.path);
  if (!log) return fail(kCannotOpen, log.error().message);
  file.file_bytes = log->size();
  WalScan(*log, false).run(file);
  if (file.good_bytes >= mark.synced_manifest().bytes) return {};
  return fail(kCannotOpen, "the list of the store's files is damaged: " + place(file));
}

Result<std::vector<WalFile>> read_wals(const std::filesystem::path& directory) {
  const auto names = names_in(directory);
  if (!names) return fail(kCannotOpen, names.error().message);
  std::vector<WalFile> wals;
  for (const std::string& name : *names) {
    const auto number = wal_number(name);
    if (!number) continue;
    WalFile file;
    file.path = directory / name;
    file.number = *number;
    const auto log = read_whole(file.path);
    if (!log) return fail(kCannotOpen, log.error().message);
    file.file_bytes = log->size();
    WalScan(*log).run(file);
    wals.push_back(std::move(file));
  }
  std::ranges::sort(wals, {}, &WalFile::number);
  return wals;
}

Result<std::uint64_t> check_wals(const std::vector<WalFile>& wals, const Mark& mark,
                                 BootId boot_id) {
  TRY(check_present(wals, mark));
  TRY(check_promises(wals, mark, boot_id));
  std::uint64_t cut_bytes = 0;
  for (const WalFile& wal : wals) {
    if (!wal.damage) continue;
    std::error_code error;
    std::filesystem::resize_file(wal.path, wal.good_bytes, error);
    if (error) return fail(kCannotOpen, "cannot cut " + wal.path.string() + ": " + error.message());
    cut_bytes += wal.file_bytes - wal.good_bytes;
  }
  return cut_bytes;
}

Result<void> remove_empty_wals(const std::vector<WalFile>& wals, Mark& mark) {
  for (const WalFile& wal : wals) {
    if (wal.has_entries) continue;
    std::error_code error;
    std::filesystem::remove(wal.path, error);
    if (error) {
      return fail(kCannotOpen, "cannot remove " + wal.path.string() + ": " + error.message());
    }
    mark.remove_wal(wal.number);
  }
  return {};
}

Result<CheckedStore> check_store(const Directory& directory, BootId boot_id) {
  auto mark = TRY(Mark::open(directory.mark_path().string(), !directory.is_complete()));
  TRY(check_manifest(directory.db_path(), mark));
  const auto wals = TRY(read_wals(directory.db_path()));
  const auto cut_bytes = TRY(check_wals(wals, mark, boot_id));
  TRY(remove_empty_wals(wals, mark));
  return CheckedStore{std::move(mark), cut_bytes};
}

}  // namespace millrace::storage
