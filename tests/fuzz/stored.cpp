// Bytes from the disk, and bytes for it: damaged rows and values are refused, never read beyond
// their end; what is taken was written by this version, byte for byte; what is written is taken.

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/bytes.h"
#include "base/time_point.h"
#include "base/uint128.h"
#include "storage/batch.h"
#include "storage/rocksdb/keys.h"
#include "streams/accounts.h"
#include "streams/dropped_shards.h"
#include "streams/record.h"
#include "streams/shard_rows.h"
#include "streams/stream_rows.h"
#include "tests/fuzz/fuzz.h"

namespace millrace::fuzz {
namespace {

namespace rows = streams::rows;

constexpr std::size_t kWrittenMax = 32;
constexpr std::size_t kLargeMax = 3;
constexpr char kFirstStreamVersion = 1;

bool is_first_version(std::string_view row) { return row.starts_with(kFirstStreamVersion); }

// The explicit hash key of an entry, which decode_record() passes over.
std::optional<uint128> explicit_hash_key(std::string_view entry) {
  if ((static_cast<unsigned char>(entry[0]) & 1U) == 0) return std::nullopt;
  const uint128 high = read_big_endian<std::uint64_t>(entry.substr(3));
  return high << 64U | read_big_endian<std::uint64_t>(entry.substr(11));
}

void check_record(std::string_view entry) {
  const auto record = streams::decode_record(entry);
  if (!record) return;
  const streams::NewRecord again{record->partition_key, explicit_hash_key(entry), record->data};
  storage::Batch batch;
  streams::append_record(batch, again, record->is_encrypted);
  require(batch.body().substr(storage::kEntryHeaderBytes) == entry);
}

std::string value_of(std::span<const std::string_view> bodies, std::uint32_t count,
                     TimePoint arrival) {
  std::string bytes(to_view(storage::encode_value_header({bodies, count}, arrival)));
  for (const std::string_view body : bodies) bytes += body;
  return bytes;
}

void check_value(std::string_view bytes) {
  const auto value = storage::decode_value(bytes);
  if (!value) return;
  std::string_view body = value->body;
  for (std::uint32_t i = 0; i < value->count; ++i) check_record(storage::take_entry(body));
  require(body.empty());
  require(value_of({&value->body, 1}, value->count, value->arrival) == bytes);
}

void check_keys(std::string_view bytes) {
  if (const auto key = storage::parse_record_key(bytes)) {
    require(to_view(storage::record_key(key->log, key->last)) == bytes);
    const storage::Epoch epoch = storage::epoch_of(key->last);
    require(bytes < storage::record_key_end(key->log, epoch));
    require(bytes > storage::epoch_begin_key(epoch));
  }
  if (const auto contents = storage::decode_contents(bytes)) {
    require(storage::encode_contents(*contents) == bytes);
  }
  if (const auto head = storage::decode_head(bytes)) require(storage::encode_head(*head) == bytes);
  require(storage::callers_key(storage::row_key(bytes)) == bytes);
}

void check_rows(std::string_view bytes) {
  if (const auto facts = rows::decode_stream(bytes)) {
    const std::string again = rows::encode(*facts);
    if (!is_first_version(bytes)) require(again == bytes);
    const auto read = rows::decode_stream(again);
    require(read && rows::encode(*read) == again);
  }
  if (const auto shard = rows::decode_shard(bytes)) require(rows::encode(*shard) == bytes);
  if (const auto commitment = rows::decode_commitment(bytes)) {
    require(rows::encode(*commitment) == bytes);
  }
  if (const auto number = rows::decode_number(bytes)) {
    require(rows::encode_number(*number) == bytes);
  }
  if (const auto id = rows::parse_dropped_row_key(bytes)) {
    require(rows::dropped_row_key(*id) == bytes);
  }
  if (const auto account = rows::parse_account_row_key(bytes)) {
    require(rows::account_row_key(*account) == bytes);
  }
}

// Records made of the input: written as batches, cut into values and read again.
void check_written(std::string_view input) {
  struct Written {
    std::optional<std::string> key;
    std::string data;
    bool is_encrypted = false;
  };
  std::vector<Written> written;
  std::vector<storage::Batch> batches(1);
  std::size_t large_count = 0;
  ByteReader reader(input);
  while (!reader.at_end() && written.size() < kWrittenMax) {
    const auto flags = reader.take<std::uint8_t>();
    const std::size_t key_bytes = reader.take<std::uint8_t>();
    // Few that do not fit into a value with others: they take their time.
    const bool is_large = (flags & 0x38U) == 8 && large_count++ < kLargeMax;
    const std::size_t unit = is_large ? 1024 : 1;
    const std::size_t data_bytes = reader.take<std::uint8_t>() * unit;
    Written record;
    if ((flags & 1U) == 0) record.key = std::string(key_bytes, 'k');
    record.data = std::string(data_bytes, static_cast<char>(flags));
    record.is_encrypted = (flags & 2U) != 0;
    streams::NewRecord given;
    given.partition_key = record.key;
    given.data = record.data;
    if ((flags & 4U) != 0) given.explicit_hash_key = uint128{key_bytes} << 64U;
    if ((flags & 16U) != 0) batches.emplace_back();
    streams::append_record(batches.back(), given, record.is_encrypted);
    written.push_back(std::move(record));
  }
  std::size_t next = 0;
  const TimePoint arrival = time_from_millis(1'700'000'000'000);
  const auto check_one = [&](const storage::ValueParts& parts) {
    const std::string bytes = value_of(parts.bodies, parts.count, arrival);
    const auto value = storage::decode_value(bytes);
    require(value && value->count == parts.count && value->count > 0);
    require(value->arrival == arrival);
    require(value->body.size() <= storage::kValueBytesMax || value->count == 1);
    std::string_view body = value->body;
    for (std::uint32_t i = 0; i < value->count; ++i, ++next) {
      const auto record = streams::decode_record(storage::take_entry(body));
      require(record.has_value() && next < written.size());
      require(record->partition_key == written[next].key && record->data == written[next].data);
      require(record->is_encrypted == written[next].is_encrypted);
    }
  };
  storage::ValueCutter cutter;
  for (const storage::Batch& batch : batches) cutter.add(batch.body(), check_one);
  cutter.finish(check_one);
  require(next == written.size());
}

// The bytes as a value whose checksum is right, so that what is behind it is reached.
void check_made_whole(std::string_view input) {
  if (input.size() < storage::kValueHeaderBytes) return;
  ByteReader reader(input.substr(2));
  const auto count = reader.take<std::uint32_t>();
  const auto arrival = time_from_millis(static_cast<std::int64_t>(reader.take<std::uint64_t>()));
  const std::string_view body = input.substr(storage::kValueHeaderBytes);
  check_value(value_of({&body, 1}, count, arrival));
}

}  // namespace

void run(std::string_view input) {
  check_value(input);
  check_made_whole(input);
  check_record(input);
  check_keys(input);
  check_rows(input);
  check_written(input);
}

}  // namespace millrace::fuzz
