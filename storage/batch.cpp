#include "storage/batch.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <string_view>

#include "base/bytes.h"
#include "base/digest.h"
#include "base/error.h"
#include "base/time_point.h"
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

std::array<char, kValueHeaderBytes> encode_value_header(const ValueParts& parts,
                                                        TimePoint arrival) {
  std::array<char, kValueHeaderBytes> header;
  char* to = write_big_endian(header.data(), kFormat);
  to = write_big_endian(to, std::uint8_t{0});
  to = write_big_endian(to, parts.count);
  to = write_big_endian(to, static_cast<std::uint64_t>(millis_of(arrival)));
  std::uint32_t checksum = crc32c(to_view(header).substr(0, kChecksumOffset));
  for (const std::string_view body : parts.bodies) checksum = crc32c(body, checksum);
  write_big_endian(to, checksum);
  return header;
}

Result<DecodedValue> peek_value(std::string_view value) {
  if (value.size() < kValueHeaderBytes || value[0] != static_cast<char>(kFormat) || value[1] != 0) {
    return fail(kDamaged, "a stored batch begins with something else");
  }
  ByteReader reader(value.substr(2, kChecksumOffset - 2));
  DecodedValue decoded;
  decoded.count = reader.take<std::uint32_t>();
  decoded.arrival = time_from_millis(static_cast<std::int64_t>(reader.take<std::uint64_t>()));
  decoded.body = value.substr(kValueHeaderBytes);
  return decoded;
}

Result<DecodedValue> decode_value(std::string_view value) {
  auto decoded = peek_value(value);
  if (!decoded) return decoded;
  const auto checksum = read_big_endian<std::uint32_t>(value.substr(kChecksumOffset));
  if (crc32c(decoded->body, crc32c(value.substr(0, kChecksumOffset))) != checksum ||
      !is_well_formed(decoded->body, decoded->count)) {
    return fail(kDamaged, "a stored batch fails its checksum");
  }
  return decoded;
}

}  // namespace millrace::storage
