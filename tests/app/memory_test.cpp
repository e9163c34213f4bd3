#include "app/memory.h"

#include <cstddef>
#include <fstream>
#include <memory>
#include <vector>

#include <doctest/doctest.h>
#include <unistd.h>

#include "storage/rocksdb/rocksdb_options.h"

namespace millrace::app {
namespace {

#ifdef MILLRACE_SANITIZED
constexpr bool kHasItsOwnAllocator = true;
#else
constexpr bool kHasItsOwnAllocator = false;
#endif

constexpr std::size_t kBlocks = 4096;
constexpr std::size_t kBlockBytes = 16UL << 10U;
constexpr std::size_t kKeptOneIn = 8;

std::size_t resident_bytes() {
  std::size_t size = 0;
  std::size_t resident = 0;
  std::ifstream("/proc/self/statm") >> size >> resident;
  return resident * static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
}

TEST_CASE("what is free between blocks in use is given back" * doctest::skip(kHasItsOwnAllocator)) {
  std::vector<std::unique_ptr<std::vector<char>>> blocks;
  for (std::size_t i = 0; i < kBlocks; ++i) {
    blocks.push_back(std::make_unique<std::vector<char>>(kBlockBytes, 'x'));
  }
  for (std::size_t i = 0; i < kBlocks; ++i) {
    if (i % kKeptOneIn != 0) blocks[i].reset();
  }
  const std::size_t before = resident_bytes();

  give_back_free_memory();

  CHECK(resident_bytes() + kBlocks * kBlockBytes / 2 < before);
  for (std::size_t i = 0; i < kBlocks; i += kKeptOneIn) {
    CHECK(*blocks[i] == std::vector<char>(kBlockBytes, 'x'));
  }
}

TEST_CASE("blocks of memtables are used again, up to a bound" *
          doctest::skip(kHasItsOwnAllocator)) {
  keep_freed_memory();
  give_back_free_memory();
  std::vector<std::unique_ptr<std::byte[]>> blocks(kKeptBlocksMax + 1);
  for (auto& block : blocks) {
    block = std::make_unique<std::byte[]>(storage::kMemtableBlockBytes);  // Cleared, so resident.
  }
  const std::size_t in_use = resident_bytes();
  const std::byte* const last = blocks[kKeptBlocksMax - 1].get();

  for (auto& block : blocks) block.reset();

  const std::size_t kept = resident_bytes();
  CHECK(kept + storage::kMemtableBlockBytes <= in_use);
  CHECK(kept + 2 * storage::kMemtableBlockBytes > in_use);
  blocks.front() = std::make_unique_for_overwrite<std::byte[]>(storage::kMemtableBlockBytes);
  CHECK(blocks.front().get() == last);

  give_back_free_memory();

  CHECK(resident_bytes() + (kKeptBlocksMax - 1) * storage::kMemtableBlockBytes <= kept);
}

}  // namespace
}  // namespace millrace::app
