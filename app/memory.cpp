#include "app/memory.h"

#include <array>
#include <cstddef>
#include <cstdlib>
#include <mutex>
#include <new>

#include <malloc.h>

#include "storage/rocksdb/rocksdb_options.h"

// A sanitizer has an allocator of its own, which it needs to see every block.
#if defined(__GLIBC__) && !defined(MILLRACE_SANITIZED)
#define MILLRACE_KEEPS_MEMORY
#endif

#ifdef MILLRACE_KEEPS_MEMORY

namespace {

using millrace::app::kKeptBlocksMax;
using millrace::storage::kMemtableBlockBytes;

// The allocator rounds a block that it maps up to pages.
constexpr std::size_t kUsableMax = kMemtableBlockBytes + 4096;

bool is_kept_size(std::size_t usable) {
  return usable >= kMemtableBlockBytes && usable <= kUsableMax;
}

// Blocks of malloc that wait to be used again. Thread-safe, and usable before main() and after it.
class KeptBlocks {
 public:
  // Null if there is none.
  void* take() {
    const std::lock_guard lock(mutex_);
    return count_ == 0 ? nullptr : blocks_[--count_];
  }

  // False if there are enough.
  bool keep(void* block) {
    const std::lock_guard lock(mutex_);
    if (count_ == blocks_.size()) return false;
    blocks_[count_++] = block;
    return true;
  }

 private:
  std::mutex mutex_;
  std::size_t count_ = 0;
  std::array<void*, kKeptBlocksMax> blocks_{};
};

constinit KeptBlocks kept_blocks;

}  // namespace

// NOLINTBEGIN(cppcoreguidelines-no-malloc): this is what stands on it.

void* operator new(std::size_t bytes) {
  if (bytes == kMemtableBlockBytes) [[unlikely]] {
    if (void* const kept = kept_blocks.take()) return kept;
  }
  // A size of none needs an address too.
  if (void* const block = std::malloc(bytes == 0 ? 1 : bytes)) return block;
  throw std::bad_alloc();
}

void operator delete(void* block) noexcept {
  if (is_kept_size(::malloc_usable_size(block)) && kept_blocks.keep(block)) return;
  std::free(block);
}

void operator delete(void* block, std::size_t bytes) noexcept {
  if (bytes == kMemtableBlockBytes) [[unlikely]] {
    operator delete(block);
  } else {
    std::free(block);
  }
}

// NOLINTEND(cppcoreguidelines-no-malloc)

#endif

namespace millrace::app {

#ifdef MILLRACE_KEEPS_MEMORY

// At most 8 MiB an arena are kept at its end, and there are two of them: with one for each of our
// threads, what is kept would be several memtables. Larger blocks are mapped one by one, so that
// those of memtables do not lie between everything else and leave holes that little else fits into.
void keep_freed_memory() {
  ::mallopt(M_ARENA_MAX, 2);
  ::mallopt(M_MMAP_THRESHOLD, storage::kMemtableBlockBytes);
  ::mallopt(M_TRIM_THRESHOLD, 2 * storage::kMemtableBlockBytes);
}

void give_back_free_memory() {
  while (void* const block = kept_blocks.take()) std::free(block);  // NOLINT(*-no-malloc)
  ::malloc_trim(0);
}

#else

void keep_freed_memory() {}
void give_back_free_memory() {}

#endif

}  // namespace millrace::app
