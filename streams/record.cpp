#include "streams/record.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "base/bytes.h"
#include "base/digest.h"
#include "base/uint128.h"
#include "storage/batch.h"

namespace millrace::streams {
namespace {

// Stored: do not renumber.
constexpr std::uint8_t kHasExplicitHashKey = 1;
constexpr std::uint8_t kIsEncrypted = 2;
constexpr std::uint8_t kHasNoPartitionKey = 4;
constexpr std::uint8_t kAllFlags = kHasExplicitHashKey | kIsEncrypted | kHasNoPartitionKey;
constexpr std::size_t kHashKeyBytes = 16;
constexpr std::size_t kHeadBytes = 3;
static_assert(kHeadBytes + kHashKeyBytes == kRecordOverheadBytesMax);

}  // namespace

uint128 NewRecord::hash_key() const {
  return explicit_hash_key ? *explicit_hash_key : md5_number(partition_key.value_or(""));
}

void append_record(storage::Batch& batch, const NewRecord& record, bool is_encrypted) {
  const std::string_view key = record.partition_key.value_or("");
  unsigned flags = 0;
  if (record.explicit_hash_key) flags |= kHasExplicitHashKey;
  if (is_encrypted) flags |= kIsEncrypted;
  if (!record.partition_key) flags |= kHasNoPartitionKey;
  std::array<char, kRecordOverheadBytesMax> head{};
  char* end = write_big_endian(head.data(), static_cast<std::uint8_t>(flags));
  end = write_big_endian(end, static_cast<std::uint16_t>(key.size()));
  if (record.explicit_hash_key) {
    end = write_big_endian(end, static_cast<std::uint64_t>(*record.explicit_hash_key >> 64U));
    end = write_big_endian(end, static_cast<std::uint64_t>(*record.explicit_hash_key));
  }
  batch.add({{head.data(), static_cast<std::size_t>(end - head.data())}, key, record.data});
}

std::optional<RecordBytes> decode_record(std::string_view entry) {
  if (entry.size() < kHeadBytes) return std::nullopt;
  ByteReader reader(entry);
  const auto flags = reader.take<std::uint8_t>();
  const auto key_bytes = reader.take<std::uint16_t>();
  if (flags > kAllFlags || ((flags & kHasNoPartitionKey) != 0 && key_bytes > 0)) {
    return std::nullopt;
  }
  if ((flags & kHasExplicitHashKey) != 0) reader.take_bytes(kHashKeyBytes);
  const std::string_view key = reader.take_bytes(key_bytes);
  if (!reader.ok()) return std::nullopt;
  RecordBytes record;
  if ((flags & kHasNoPartitionKey) == 0) record.partition_key = key;
  record.data = reader.rest();
  record.is_encrypted = (flags & kIsEncrypted) != 0;
  return record;
}

}  // namespace millrace::streams
