// What the values of the shard manager's rows are written with. Numbers are big-endian; a text is a
// u32 length and its bytes. Each value begins with its version.
//
// For the files of streams/ that have rows.

#pragma once

#include <concepts>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "base/bytes.h"
#include "base/error.h"
#include "base/time_point.h"
#include "base/uint128.h"
#include "streams/errors.h"

namespace millrace::streams::rows {

// Stored: do not renumber.
inline constexpr std::uint8_t kVersion = 1;

[[nodiscard]] inline std::unexpected<Error> damaged() {
  return fail(kInternalFailure, "A stored row is damaged.");
}

inline void put_number(std::string& out, std::unsigned_integral auto value) {
  append_big_endian(out, value);
}

inline void put_time(std::string& out, TimePoint time) {
  put_number(out, static_cast<std::uint64_t>(millis_of(time)));
}

inline TimePoint take_time(ByteReader& reader) {
  return time_from_millis(static_cast<std::int64_t>(reader.take<std::uint64_t>()));
}

inline void put_hash(std::string& out, uint128 value) {
  put_number(out, static_cast<std::uint64_t>(value >> 64U));
  put_number(out, static_cast<std::uint64_t>(value));
}

inline uint128 take_hash(ByteReader& reader) {
  const uint128 high = reader.take<std::uint64_t>();
  return high << 64U | reader.take<std::uint64_t>();
}

// An optional value is a byte that says whether it is there, then the value.
template <class T, class Put>
void put_optional(std::string& out, const std::optional<T>& value, Put put) {
  put_number(out, static_cast<std::uint8_t>(value.has_value()));
  if (value) put(*value);
}

template <class Take>
auto take_optional(ByteReader& reader, Take take) -> std::optional<decltype(take())> {
  const auto is_there = reader.take<std::uint8_t>();
  if (is_there > 1) reader.refuse();
  if (is_there != 1) return std::nullopt;
  return take();
}

// A value of an enumeration that ends with `last`.
template <class Enum>
Enum take_enum(ByteReader& reader, Enum last) {
  const auto number = reader.take<std::uint8_t>();
  if (number > static_cast<std::uint8_t>(last)) reader.refuse();
  return static_cast<Enum>(number);
}

// Adds what is written in the order of its keys.
template <class Map>
void append_sorted(ByteReader& reader, Map& map, std::string key, typename Map::mapped_type value) {
  if (!map.empty() && key <= map.rbegin()->first) reader.refuse();
  map.emplace_hint(map.end(), std::move(key), std::move(value));
}

inline void put_optional_text(std::string& out, const std::optional<std::string>& text) {
  put_optional(out, text, [&](const std::string& held) { append_text(out, held); });
}

inline std::optional<std::string> take_optional_text(ByteReader& reader) {
  return take_optional(reader, [&] { return std::string(reader.take_text()); });
}

[[nodiscard]] inline bool is_whole(const ByteReader& reader) {
  return reader.ok() && reader.at_end();
}

}  // namespace millrace::streams::rows
