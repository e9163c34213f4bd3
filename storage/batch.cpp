#include "storage/batch.h"

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/clock.h"
#include "base/digest.h"
#include "base/error.h"
#include "storage/errors.h"

namespace millrace::storage {
namespace {

constexpr std::uint8_t kFormat = 1;  // Stored: do not renumber.
constexpr std::size_t kChecksumOffset = 14;

// Whether `body` is exactly `count` entries.
bool is_well_formed(std::string_view body, std::uint32_t count) {
  for (std::uint32_t i = 0; i < count; ++i) {
    if (body.size() < kEntryHeaderBytes) return false;
    const auto size = read_big_endian<std::uint32_t>(body);
    body.remove_prefix(kEntryHeaderBytes);
    if (body.size() < size) return false;
    body.remove_prefix(size);
  }
  return body.empty();
}

}  // namespace

void Batch::add(std::initializer_list<std::string_view> parts) {
  std::size_t size_bytes = 0;
  for (const std::string_view part : parts) size_bytes += part.size();
  append_big_endian(body_, static_cast<std::uint32_t>(size_bytes));
  for (const std::string_view part : parts) body_.append(part);
  ++count_;
}

std::vector<ValueParts> cut_into_values(const std::vector<std::string_view>& bodies) {
  std::vector<ValueParts> values(1);
  std::size_t value_bytes = 0;
  for (const std::string_view body : bodies) {
    std::size_t start = 0;
    std::size_t at = 0;
    while (at < body.size()) {
      const std::size_t entry_bytes =
          kEntryHeaderBytes + read_big_endian<std::uint32_t>(body.substr(at));
      if (values.back().count > 0 && value_bytes + entry_bytes > kValueBytesMax) {
        if (at > start) values.back().bodies.push_back(body.substr(start, at - start));
        start = at;
        values.emplace_back();
        value_bytes = 0;
      }
      at += entry_bytes;
      value_bytes += entry_bytes;
      ++values.back().count;
    }
    if (at > start) values.back().bodies.push_back(body.substr(start, at - start));
  }
  if (values.back().count == 0) values.pop_back();
  return values;
}

std::string encode_value_header(const ValueParts& parts, TimePoint arrival) {
  std::string header;
  header.reserve(kValueHeaderBytes);
  header.push_back(static_cast<char>(kFormat));
  header.push_back(0);
  append_big_endian(header, parts.count);
  append_big_endian(header, static_cast<std::uint64_t>(millis_of(arrival)));
  std::uint32_t checksum = crc32c(header);
  for (const std::string_view body : parts.bodies) checksum = crc32c(body, checksum);
  append_big_endian(header, checksum);
  return header;
}

Result<DecodedValue> decode_value(std::string_view value) {
  const auto damaged = [] { return fail(kDamaged, "a stored batch fails its checksum"); };
  if (value.size() < kValueHeaderBytes || value[0] != static_cast<char>(kFormat) || value[1] != 0) {
    return damaged();
  }
  ByteReader reader(value.substr(2));
  DecodedValue decoded;
  decoded.count = reader.take<std::uint32_t>();
  decoded.arrival = time_from_millis(static_cast<std::int64_t>(reader.take<std::uint64_t>()));
  const auto checksum = reader.take<std::uint32_t>();
  decoded.body = reader.rest();
  if (crc32c(decoded.body, crc32c(value.substr(0, kChecksumOffset))) != checksum) return damaged();
  if (!is_well_formed(decoded.body, decoded.count)) return damaged();
  return decoded;
}

}  // namespace millrace::storage
