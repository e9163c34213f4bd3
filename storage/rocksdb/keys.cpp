#include "storage/rocksdb/keys.h"

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/time_point.h"
#include "storage/engine.h"

namespace millrace::storage {
namespace {

// Stored: do not renumber.
constexpr char kEngineRows = 0x00;
constexpr char kCallersRows = 0x01;
constexpr char kHead = 'h';
constexpr char kContents = 'c';
constexpr char kDropped = 'd';
constexpr char kEpoch = 'e';

// The key of a batch as two numbers of 64 bits: this many of the log's stand in the second one.
constexpr unsigned kLogBitsBehind = 64 - kEpochShift;
constexpr Position kCountMax = (Position{1} << kEpochShift) - 1;

std::string numbered_key(char kind, std::uint64_t number) {
  std::string key{kEngineRows, kind};
  append_big_endian(key, number);
  return key;
}

std::optional<std::uint64_t> parse_numbered_key(char kind, std::string_view key) {
  ByteReader reader(key);
  if (reader.take_bytes(2) != std::string{kEngineRows, kind}) return std::nullopt;
  const auto number = reader.take<std::uint64_t>();
  if (!reader.ok() || !reader.at_end()) return std::nullopt;
  return number;
}

}  // namespace

std::array<char, kRecordKeyBytes> record_key(LogId log, Position last) {
  std::array<char, kRecordKeyBytes> key;
  char* const middle =
      write_big_endian(key.data(), epoch_of(last) << kEpochShift | log >> kLogBitsBehind);
  write_big_endian(middle, log << kEpochShift | (last & kCountMax));
  return key;
}

std::optional<RecordKey> parse_record_key(std::string_view key) {
  ByteReader reader(key);
  const auto first = reader.take<std::uint64_t>();
  const auto second = reader.take<std::uint64_t>();
  if (!reader.ok() || !reader.at_end()) return std::nullopt;
  return RecordKey{first << kLogBitsBehind | second >> kEpochShift,
                   (first & ~kCountMax) | (second & kCountMax)};
}

std::string record_key_end(LogId log, Epoch epoch) {
  std::string key(to_view(record_key(log, start_of(epoch) | kCountMax)));
  key.push_back(0);
  return key;
}

std::string epoch_begin_key(Epoch epoch) {
  const auto key = record_key(0, start_of(epoch));
  return std::string(to_view(key).substr(0, kRecordKeyPrefixBytes - sizeof(LogId)));
}

std::string head_key(LogId log) { return numbered_key(kHead, log); }
std::string head_keys() { return {kEngineRows, kHead}; }
std::optional<LogId> parse_head_key(std::string_view key) { return parse_numbered_key(kHead, key); }

std::string contents_key(Epoch epoch) { return numbered_key(kContents, epoch); }
std::string contents_keys() { return {kEngineRows, kContents}; }
std::optional<Epoch> parse_contents_key(std::string_view key) {
  return parse_numbered_key(kContents, key);
}

std::string encode_contents(const EpochContents& contents) {
  std::string value;
  append_big_endian(value, contents.bytes);
  for (const EpochPart& part : contents.parts) {
    append_big_endian(value, part.log);
    append_big_endian(value, part.end);
    append_big_endian(value, part.bytes);
  }
  return value;
}

std::optional<EpochContents> decode_contents(std::string_view value) {
  ByteReader reader(value);
  EpochContents contents;
  contents.bytes = reader.take<std::uint64_t>();
  while (reader.ok() && !reader.at_end()) {
    EpochPart part;
    part.log = reader.take<std::uint64_t>();
    part.end = reader.take<std::uint64_t>();
    part.bytes = reader.take<std::uint64_t>();
    contents.parts.push_back(part);
  }
  if (!reader.ok()) return std::nullopt;
  return contents;
}

std::string dropped_key(LogId log) { return numbered_key(kDropped, log); }
std::string dropped_keys() { return {kEngineRows, kDropped}; }
std::optional<LogId> parse_dropped_key(std::string_view key) {
  return parse_numbered_key(kDropped, key);
}

std::string encode_head(const HeadRow& head) {
  std::string value;
  append_big_endian(value, head.next);
  append_big_endian(value, head.trimmed);
  append_big_endian(value, static_cast<std::uint64_t>(millis_of(head.last_arrival)));
  for (const EpochRun& run : head.runs) {
    append_big_endian(value, static_cast<std::uint32_t>(run.first));
    append_big_endian(value, static_cast<std::uint32_t>(run.last));
  }
  return value;
}

std::optional<HeadRow> decode_head(std::string_view value) {
  ByteReader reader(value);
  HeadRow head;
  head.next = reader.take<std::uint64_t>();
  head.trimmed = reader.take<std::uint64_t>();
  head.last_arrival = time_from_millis(static_cast<std::int64_t>(reader.take<std::uint64_t>()));
  while (reader.ok() && !reader.at_end()) {
    EpochRun run;
    run.first = reader.take<std::uint32_t>();
    run.last = reader.take<std::uint32_t>();
    head.runs.push_back(run);
  }
  if (!reader.ok()) return std::nullopt;
  return head;
}

std::string epoch_key() { return {kEngineRows, kEpoch}; }

std::string row_key(std::string_view callers_key) {
  std::string key{kCallersRows};
  key += callers_key;
  return key;
}

std::string_view callers_key(std::string_view row_key) { return row_key.substr(1); }

}  // namespace millrace::storage
