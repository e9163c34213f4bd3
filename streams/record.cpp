#include "streams/record.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

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

std::vector<uint128> hash_keys(std::span<const NewRecord> records) {
  std::vector<std::string_view> partition_keys;
  partition_keys.reserve(records.size());
  for (const NewRecord& record : records)
    partition_keys.push_back(record.partition_key.value_or(""));
  std::vector<uint128> keys = md5_numbers(partition_keys);
  for (std::size_t i = 0; i < records.size(); ++i) {
    if (records[i].explicit_hash_key) keys[i] = *records[i].explicit_hash_key;
  }
  return keys;
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
  std::optional<RecordBytes> record;  // Made where it is returned: this runs for each record read.
  if (entry.size() < kHeadBytes) return record;
  const auto flags = static_cast<unsigned char>(entry[0]);
  const std::size_t key_bytes = read_big_endian<std::uint16_t>(entry.substr(1));
  if (flags > kAllFlags || ((flags & kHasNoPartitionKey) != 0 && key_bytes > 0)) return record;
  const std::size_t key_at = kHeadBytes + ((flags & kHasExplicitHashKey) != 0 ? kHashKeyBytes : 0);
  if (entry.size() < key_at + key_bytes) return record;
  record.emplace();
  if ((flags & kHasNoPartitionKey) == 0) record->partition_key = entry.substr(key_at, key_bytes);
  record->data = entry.substr(key_at + key_bytes);
  record->is_encrypted = (flags & kIsEncrypted) != 0;
  return record;
}

}  // namespace millrace::streams
