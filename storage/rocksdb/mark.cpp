#include "storage/rocksdb/mark.h"

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/types.h>
#include <unistd.h>

#include "base/error.h"
#include "base/time_point.h"
#include "storage/errors.h"

namespace millrace::storage {
namespace {

constexpr std::size_t kPageBytes = 4096;
constexpr std::uint64_t kMagic = 0x314b52414d52494d;  // "MIRMARK1" read as a little-endian word.

enum Word : std::size_t {
  kMagicWord = 0,
  kBootHigh = 1,
  kBootLow = 2,
  kSequence = 3,
  kSequenceInverted = 4,
  kArrival = 5,
  kSyncedWal = 6,
  kSyncedBytes = 7,
  kBurntFrom = 8,
  kBurntTo = 9,
  kArrivalInverted = 10,
  kManifest = 11,
  kManifestBytes = 12,
  kFirstWal = 16,
  kFirstWalBase = 80,
};

}  // namespace

BootId current_boot_id() {
  std::ifstream file("/proc/sys/kernel/random/boot_id");
  std::string text;
  file >> text;
  std::erase(text, '-');
  if (text.size() != 32) return {};
  return {std::stoull(text.substr(0, 16), nullptr, 16), std::stoull(text.substr(16), nullptr, 16)};
}

Result<Mark> Mark::open(const std::string& path, bool may_create) {
  const int flags = O_RDWR | O_CLOEXEC | (may_create ? O_CREAT : 0);
  const int descriptor = ::open(path.c_str(), flags, 0600);
  if (descriptor < 0) {
    return fail(kCannotOpen, errno == ENOENT
                                 ? path + " is missing; without it a lost write would go unseen"
                                 : "cannot open " + path + ": " + std::strerror(errno));
  }
  const auto refuse = [&](const std::string& why) {
    ::close(descriptor);
    return fail(kCannotOpen, why);
  };
  const off_t size = ::lseek(descriptor, 0, SEEK_END);
  const bool is_new = size == 0 && may_create;
  if (!is_new && size != static_cast<off_t>(kPageBytes)) {
    return refuse(path + " is " + std::to_string(size) + " bytes long, not " +
                  std::to_string(kPageBytes));
  }
  // Space is taken now: storing to a mapped hole on a full disk would end the process.
  const int taken = ::posix_fallocate(descriptor, 0, kPageBytes);
  if (taken != 0) return refuse("cannot create " + path + ": " + std::strerror(taken));
  void* const page = ::mmap(nullptr, kPageBytes, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0);
  if (page == MAP_FAILED) return refuse("cannot map " + path + ": " + std::strerror(errno));

  Mark mark(descriptor, static_cast<std::uint64_t*>(page));
  if (is_new) {
    mark.store(kMagicWord, kMagic);
    mark.set_last_sequence(0);
  }
  if (mark.load(kMagicWord) != kMagic) return fail(kCannotOpen, path + " is damaged");
  return mark;
}

Mark::Mark(Mark&& other) noexcept
    : descriptor_(std::exchange(other.descriptor_, -1)),
      words_(std::exchange(other.words_, nullptr)) {}

Mark::~Mark() {
  if (words_ == nullptr) return;
  ::munmap(words_, kPageBytes);
  ::close(descriptor_);
}

std::uint64_t Mark::load(std::size_t word) const {
  return std::atomic_ref(words_[word]).load(std::memory_order_acquire);
}

void Mark::store(std::size_t word, std::uint64_t value) {
  std::atomic_ref(words_[word]).store(value, std::memory_order_release);
}

bool Mark::is_used() const { return boot_id() != BootId{}; }

BootId Mark::boot_id() const { return {load(kBootHigh), load(kBootLow)}; }

void Mark::set_boot_id(BootId id) {
  store(kBootHigh, id.high);
  store(kBootLow, id.low);
}

// The process may end between the two stores, and a byte may flip in one of them: the higher of the
// two was acknowledged in either case, or makes the check too strict rather than too lax.
std::uint64_t Mark::last_sequence() const {
  return std::max(load(kSequence), ~load(kSequenceInverted));
}

void Mark::set_last_sequence(std::uint64_t sequence) {
  store(kSequence, sequence);
  store(kSequenceInverted, ~sequence);
}

// The lower of the two: a flipped bit must not send the clock into the far future. What the logs
// themselves hold raises it again.
TimePoint Mark::last_arrival() const {
  std::uint64_t millis = load(kArrival);
  if (const std::uint64_t again = load(kArrivalInverted); again != 0) {
    millis = std::min(millis, ~again);
  }
  return time_from_millis(static_cast<std::int64_t>(millis));
}

void Mark::set_last_arrival(TimePoint arrival) {
  store(kArrival, static_cast<std::uint64_t>(millis_of(arrival)));
  store(kArrivalInverted, ~static_cast<std::uint64_t>(millis_of(arrival)));
}

Mark::Synced Mark::synced() const { return {load(kSyncedWal), load(kSyncedBytes)}; }

void Mark::set_synced(Synced synced) { store_synced(kSyncedWal, synced); }

Mark::Synced Mark::synced_manifest() const { return {load(kManifest), load(kManifestBytes)}; }

void Mark::set_synced_manifest(Synced synced) { store_synced(kManifest, synced); }

// Bytes go to zero in between, so that an end between the stores weakens the check only.
void Mark::store_synced(std::size_t word, Synced synced) {
  if (load(word) != synced.number) {
    store(word + 1, 0);
    store(word, synced.number);
  }
  store(word + 1, synced.bytes);
}

Mark::Burnt Mark::burnt() const { return {load(kBurntFrom), load(kBurntTo)}; }

void Mark::set_burnt(Burnt burnt) {
  store(kBurntFrom, burnt.from);
  store(kBurntTo, burnt.to);
}

std::vector<std::uint64_t> Mark::wals() const {
  std::vector<std::uint64_t> numbers;
  for (std::size_t i = 0; i < kWalsMax; ++i) {
    if (const std::uint64_t number = load(kFirstWal + i); number != 0) numbers.push_back(number);
  }
  return numbers;
}

void Mark::add_wal(std::uint64_t number) {
  for (std::size_t i = 0; i < kWalsMax; ++i) {
    if (load(kFirstWal + i) != 0) continue;
    store(kFirstWalBase + i, 0);
    store(kFirstWal + i, number);
    return;
  }
}

void Mark::start_wal(std::uint64_t number) {
  for (std::size_t i = 0; i < kWalsMax; ++i) {
    if (load(kFirstWal + i) == number) store(kFirstWalBase + i, last_sequence() + 1);
  }
}

std::optional<std::uint64_t> Mark::committed_before(std::uint64_t number) const {
  for (std::size_t i = 0; i < kWalsMax; ++i) {
    const std::uint64_t base = load(kFirstWalBase + i);
    if (load(kFirstWal + i) == number && base != 0) return base - 1;
  }
  return std::nullopt;
}

void Mark::remove_wal(std::uint64_t number) {
  for (std::size_t i = 0; i < kWalsMax; ++i) {
    if (load(kFirstWal + i) == number) store(kFirstWal + i, 0);
  }
  sync();
}

void Mark::remove_wals_through(std::uint64_t number) {
  for (std::size_t i = 0; i < kWalsMax; ++i) {
    if (load(kFirstWal + i) <= number) store(kFirstWal + i, 0);
  }
  sync();
}

void Mark::sync() const { ::msync(words_, kPageBytes, MS_SYNC); }

}  // namespace millrace::storage
