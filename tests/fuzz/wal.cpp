// A write-ahead log of any bytes: the check before the store opens reads it within its bounds, and
// what it would leave of a torn one is whole.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <ios>
#include <string>
#include <string_view>
#include <vector>

#include <unistd.h>

#include "base/bytes.h"
#include "base/digest.h"
#include "storage/rocksdb/wal_check.h"
#include "tests/fuzz/fuzz.h"

namespace millrace::fuzz {
namespace {

constexpr std::size_t kBlockBytes = 32768;
constexpr std::size_t kHeaderBytes = 7;

storage::WalFile read_log(std::string_view log) {
  static const std::filesystem::path kDirectory =
      std::filesystem::path("/dev/shm") / ("fuzz-wal-" + std::to_string(::getpid()));
  std::filesystem::create_directories(kDirectory);
  std::ofstream(kDirectory / "000001.log", std::ios::binary | std::ios::trunc)
      .write(log.data(), static_cast<std::streamsize>(log.size()));
  const auto wals = storage::read_wals(kDirectory);
  std::filesystem::remove_all(kDirectory);
  require(wals && wals->size() == 1);
  return wals->front();
}

void check_log(std::string_view log) {
  const storage::WalFile wal = read_log(log);
  require(wal.file_bytes == log.size() && wal.good_bytes <= wal.file_bytes);
  if (wal.damage) require(wal.good_bytes < wal.file_bytes);
  const storage::WalFile cut = read_log(log.substr(0, wal.good_bytes));
  require(!cut.damage && cut.good_bytes == wal.good_bytes);
  require(cut.first_sequence == wal.first_sequence && cut.last_sequence == wal.last_sequence);
  require(cut.has_entries == wal.has_entries);
}

void append_little_endian(std::string& out, std::uint32_t value, std::size_t count) {
  for (std::size_t i = 0; i < count; ++i) out.push_back(static_cast<char>(value >> (8 * i)));
}

// A log whose checksums are right, from records of type, length and so many bytes.
std::string to_log(std::string_view records) {
  std::string log;
  ByteReader reader(records);
  while (!reader.at_end()) {
    const std::size_t left = kBlockBytes - log.size() % kBlockBytes;
    if (left < kHeaderBytes) log.append(left, '\0');
    const auto type = reader.take<std::uint8_t>();
    const std::size_t size = reader.take<std::uint8_t>();
    std::string payload(reader.take_bytes(std::min(size, reader.rest().size())));
    // Some fill blocks.
    if ((type & 0x80U) != 0) payload.append(size * 64, '\0');
    const std::string kind(1, static_cast<char>(type & 0x7fU));
    const std::uint32_t checksum = crc32c(payload, crc32c(kind));
    append_little_endian(log, (checksum >> 15U | checksum << 17U) + 0xa282ead8U, 4);
    append_little_endian(log, static_cast<std::uint32_t>(payload.size()), 2);
    log += kind + payload;
  }
  return log;
}

}  // namespace

void run(std::string_view input) {
  check_log(input);
  check_log(to_log(input));
}

}  // namespace millrace::fuzz
