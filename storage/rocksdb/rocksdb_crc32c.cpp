// RocksDB's CRC-32C, by the processor's instruction.
//
// Debian builds RocksDB for any x86-64, so its own choice at run time falls on tables: a tenth of
// the cost of a PutRecords. In the static binary the linker sends its calls here
// (cmake/Dependencies.cmake, --wrap); the value is the same, which storage/rocksdb/wal_check proves
// at each start and against an unchanged RocksDB in every other build.

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/digest.h"

namespace millrace::storage {

// rocksdb::crc32c::Extend(crc, data, size), by the name that --wrap gives it.
std::uint32_t extend_crc32c(std::uint32_t crc, const char* data,
                            std::size_t size) __asm__("__wrap__ZN7rocksdb6crc32c6ExtendEjPKcm");

std::uint32_t extend_crc32c(std::uint32_t crc, const char* data, std::size_t size) {
  return crc32c({data, size}, crc);
}

}  // namespace millrace::storage
