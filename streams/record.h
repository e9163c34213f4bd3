// A record as a producer gives it and as a reader gets it, and its bytes in a log.
//
// Entry of a log (docs/internals/storage-format.md), numbers big-endian:
//
//   size  content
//      1  flags: bit 0, an explicit hash key follows; bit 1, written while the stream was
//         encrypted; bit 2, put without a partition key
//      2  length of the partition key, bytes
//     16  explicit hash key, only with bit 0
//      n  partition key, UTF-8
//   rest  data, as it was before base64

#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "base/time_point.h"
#include "base/uint128.h"
#include "storage/batch.h"
#include "streams/sequence_number.h"

namespace millrace::streams {

struct NewRecord {
  std::optional<std::string_view> partition_key;  // Only AUTO streams take records without one.
  std::optional<uint128> explicit_hash_key;
  std::string_view data;

  // What counts for every limit: data and partition key.
  [[nodiscard]] std::size_t size_bytes() const {
    return data.size() + partition_key.value_or("").size();
  }
};

struct Record {
  SequenceNumber number;
  TimePoint arrival{};
  std::optional<std::string_view> partition_key;
  std::string_view data;
  bool is_encrypted = false;  // Whether the stream was when the record came.
};

// What routes each record, unless the stream's distribution is AUTO.
[[nodiscard]] std::vector<uint128> hash_keys(std::span<const NewRecord> records);

void append_record(storage::Batch& batch, const NewRecord& record, bool is_encrypted);

// No entry is longer than its data and key by more than this.
inline constexpr std::size_t kRecordOverheadBytesMax = 19;

struct RecordBytes {
  std::optional<std::string_view> partition_key;
  std::string_view data;
  bool is_encrypted = false;
};

// Nothing if the bytes are not an entry this version wrote.
[[nodiscard]] std::optional<RecordBytes> decode_record(std::string_view entry);

}  // namespace millrace::streams
