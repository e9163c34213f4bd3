#include "server/memory.h"

#include <cstddef>
#include <fstream>
#include <memory>
#include <vector>

#include <doctest/doctest.h>
#include <unistd.h>

namespace millrace::server {
namespace {

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
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

}  // namespace
}  // namespace millrace::server
