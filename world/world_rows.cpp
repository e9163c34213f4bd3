#include "world/world_rows.h"

#include <bit>
#include <cmath>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/time_point.h"
#include "streams/row_codec.h"

namespace millrace::world::rows {

using streams::rows::is_whole;
using streams::rows::kVersion;
using streams::rows::put_number;
using streams::rows::put_time;
using streams::rows::take_time;

std::string encode(const ClockRow& row) {
  std::string out;
  put_number(out, kVersion);
  put_number(out, static_cast<std::uint64_t>(millis_of(row.pace.from)));
  put_time(out, row.pace.at);
  put_number(out, std::bit_cast<std::uint64_t>(row.pace.rate));
  put_number(out, static_cast<std::uint8_t>(row.pace.is_frozen));
  put_time(out, row.earlier_worlds);
  return out;
}

std::optional<ClockRow> decode_clock(std::string_view value) {
  ByteReader reader(value);
  if (reader.take<std::uint8_t>() != kVersion) return std::nullopt;
  ClockRow row;
  row.pace.from = wall_from_millis(static_cast<std::int64_t>(reader.take<std::uint64_t>()));
  row.pace.at = take_time(reader);
  row.pace.rate = std::bit_cast<double>(reader.take<std::uint64_t>());
  const auto is_frozen = reader.take<std::uint8_t>();
  row.pace.is_frozen = is_frozen == 1;
  row.earlier_worlds = take_time(reader);
  const bool is_sound = is_frozen <= 1 && std::isfinite(row.pace.rate) && row.pace.rate > 0;
  return is_whole(reader) && is_sound ? std::optional(row) : std::nullopt;
}

}  // namespace millrace::world::rows
