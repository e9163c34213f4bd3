// Every key on disk. The table form is in docs/internals/storage-format.md.
//
//   column family  key                                    value
//   records        epoch u24, log id u64, last count u40  a batch (storage/batch.h)
//   default        0x00 'h', log id u64                   head row of a log (HeadRow)
//   default        0x00 'c', epoch u64                    what an epoch holds (EpochContents)
//   default        0x00 'd', log id u64                   empty: a log dropped in the running epoch
//   default        0x00 'e'                               the running epoch u64
//   default        0x01, the caller's key                 the caller's row
//
// All numbers are big-endian, so that the order of bytes is the order of numbers. A position is
// its epoch (storage/rocksdb/epochs.h) and, below it, a count. The key of a batch holds the
// position of its last entry: a forward seek to a position finds the batch that holds it, if one of
// its epoch does.

#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/time_point.h"
#include "storage/engine.h"

namespace millrace::storage {

using Epoch = std::uint64_t;

// How far a position's epoch is shifted. Stored: do not change.
inline constexpr unsigned kEpochShift = 40;

// Of 8 million epochs, each as much as a write buffer holds: hundreds of terabytes.
inline constexpr Epoch kEpochMax = (Epoch{1} << 23U) - 1;

[[nodiscard]] constexpr Epoch epoch_of(Position position) { return position >> kEpochShift; }
[[nodiscard]] constexpr Position start_of(Epoch epoch) { return epoch << kEpochShift; }

inline constexpr std::size_t kRecordKeyBytes = 16;
inline constexpr std::size_t kRecordKeyPrefixBytes = 11;  // Epoch and log.

struct RecordKey {
  LogId log = 0;
  Position last = 0;
};

// `last` is of an epoch up to kEpochMax.
[[nodiscard]] std::array<char, kRecordKeyBytes> record_key(LogId log, Position last);
[[nodiscard]] std::optional<RecordKey> parse_record_key(std::string_view key);

// The first key behind all batches of `log` in `epoch`.
[[nodiscard]] std::string record_key_end(LogId log, Epoch epoch);

// The first key that a batch of `epoch`, or of a later one, may have.
[[nodiscard]] std::string epoch_begin_key(Epoch epoch);

// Epochs one after the other, all of which perhaps have entries of a log.
struct EpochRun {
  Epoch first = 0;
  Epoch last = 0;
};

// What is kept of a log, also when its entries are gone.
struct HeadRow {
  Position next = 0;
  Position trimmed = 0;
  TimePoint last_arrival{};
  std::vector<EpochRun>
      runs;  // No other epoch has entries of the log. In order, with gaps between.
};

[[nodiscard]] std::string head_key(LogId log);
[[nodiscard]] std::string head_keys();  // What all of them begin with.
[[nodiscard]] std::optional<LogId> parse_head_key(std::string_view key);
[[nodiscard]] std::string encode_head(const HeadRow& head);
[[nodiscard]] std::optional<HeadRow> decode_head(std::string_view value);

// What an epoch holds.
struct EpochPart {
  LogId log = 0;
  Position end = 0;  // Behind the log's last entry in the epoch.
  std::uint64_t bytes = 0;
};

struct EpochContents {
  std::uint64_t bytes = 0;  // Of all keys and values, also of logs that are gone.
  std::vector<EpochPart> parts;
};

[[nodiscard]] std::string contents_key(Epoch epoch);
[[nodiscard]] std::string contents_keys();
[[nodiscard]] std::optional<Epoch> parse_contents_key(std::string_view key);
[[nodiscard]] std::string encode_contents(const EpochContents& contents);
[[nodiscard]] std::optional<EpochContents> decode_contents(std::string_view value);

[[nodiscard]] std::string dropped_key(LogId log);
[[nodiscard]] std::string dropped_keys();
[[nodiscard]] std::optional<LogId> parse_dropped_key(std::string_view key);

[[nodiscard]] std::string epoch_key();

[[nodiscard]] std::string row_key(std::string_view callers_key);
[[nodiscard]] std::string_view callers_key(std::string_view row_key);

}  // namespace millrace::storage
