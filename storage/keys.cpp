#include "storage/keys.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/clock.h"
#include "storage/engine.h"

namespace millrace::storage {
namespace {

// Stored: do not renumber.
constexpr char kEngineRows = 0x00;
constexpr char kCallersRows = 0x01;
constexpr char kHead = 'h';
constexpr char kEpoch = 'e';

}  // namespace

std::string record_key(LogId log, Position last) {
  std::string key;
  append_big_endian(key, log);
  append_big_endian(key, last);
  return key;
}

std::optional<RecordKey> parse_record_key(std::string_view key) {
  ByteReader reader(key);
  const RecordKey parsed{reader.take<std::uint64_t>(), reader.take<std::uint64_t>()};
  if (!reader.ok() || !reader.at_end()) return std::nullopt;
  return parsed;
}

std::string record_key_end(LogId log) {
  std::string key = record_key(log, ~Position{0});
  key.push_back(0);
  return key;
}

std::string range_delete_begin(LogId log, Position position) {
  std::string key;
  if (position == 0) {
    append_big_endian(key, log);
  } else {
    key = record_key(log, position - 1);
    key.push_back(0);
  }
  return key;
}

std::string head_key(LogId log) {
  std::string key{kEngineRows, kHead};
  append_big_endian(key, log);
  return key;
}

std::string encode_head(const HeadRow& head) {
  std::string value;
  append_big_endian(value, head.next);
  append_big_endian(value, head.trimmed);
  append_big_endian(value, static_cast<std::uint64_t>(millis_of(head.last_arrival)));
  return value;
}

std::optional<HeadRow> decode_head(std::string_view value) {
  ByteReader reader(value);
  HeadRow head;
  head.next = reader.take<std::uint64_t>();
  head.trimmed = reader.take<std::uint64_t>();
  head.last_arrival = time_from_millis(static_cast<std::int64_t>(reader.take<std::uint64_t>()));
  if (!reader.ok() || !reader.at_end()) return std::nullopt;
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
