// Every key on disk. The table form is in docs/storage-format.md.
//
//   column family  key                                    value
//   records        log id u64, last position u64          a batch (storage/batch.h)
//   default        0x00 'h', log id u64                   head row of a log (HeadRow)
//   default        0x00 'e'                               epoch u64 (storage/rocksdb_engine.h)
//   default        0x01, the caller's key                 the caller's row
//
// All numbers are big-endian, so that the order of bytes is the order of numbers. The key of a
// batch holds the position of its last entry: a forward seek to a position finds the batch that
// holds it.

#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "storage/engine.h"

namespace millrace::storage {

inline constexpr std::size_t kLogIdBytes = 8;
inline constexpr std::size_t kRecordKeyBytes = 16;

struct RecordKey {
  LogId log = 0;
  Position last = 0;
};

[[nodiscard]] std::string record_key(LogId log, Position last);
[[nodiscard]] std::optional<RecordKey> parse_record_key(std::string_view key);

// The first key behind all batches of `log`.
[[nodiscard]] std::string record_key_end(LogId log);

// Where a range delete from `position` on begins: behind every key below it and before its own, and
// never as long as the key of a batch (rocksdb_store.cpp says why).
[[nodiscard]] std::string range_delete_begin(LogId log, Position position);

// What is kept of a log when its entries are gone.
struct HeadRow {
  Position next = 0;
  Position trimmed = 0;
  TimePoint last_arrival{};
};

[[nodiscard]] std::string head_key(LogId log);
[[nodiscard]] std::string encode_head(const HeadRow& head);
[[nodiscard]] std::optional<HeadRow> decode_head(std::string_view value);

[[nodiscard]] std::string epoch_key();

[[nodiscard]] std::string row_key(std::string_view callers_key);
[[nodiscard]] std::string_view callers_key(std::string_view row_key);

}  // namespace millrace::storage
