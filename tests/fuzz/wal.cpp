// A write-ahead log of any bytes: the check before the store opens reads it within its bounds.

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>

#include <unistd.h>

#include "storage/wal_check.h"
#include "tests/fuzz/fuzz.h"

namespace millrace::fuzz {

void run(std::string_view input) {
  static const std::filesystem::path kDirectory =
      std::filesystem::path("/dev/shm") / ("fuzz-wal-" + std::to_string(::getpid()));
  std::filesystem::create_directories(kDirectory);
  const std::filesystem::path file = kDirectory / "000001.log";
  std::ofstream(file, std::ios::binary | std::ios::trunc)
      .write(input.data(), static_cast<std::streamsize>(input.size()));
  const auto wals = storage::read_wals(kDirectory);
  if (wals) {
    for (const storage::WalFile& wal : *wals) require(wal.good_bytes <= wal.file_bytes);
  }
  std::filesystem::remove_all(kDirectory);
}

}  // namespace millrace::fuzz
