// What every item of CBOR begins with (RFC 8949 §3): both readers take it apart here.

#pragma once

#include <cstdint>

#include "base/bytes.h"

namespace millrace::api {

enum Major : unsigned {
  kUnsigned = 0,
  kNegative = 1,
  kByteString = 2,
  kText = 3,
  kArray = 4,
  kMap = 5,
  kTag = 6,
  kSimple = 7,
};

inline constexpr unsigned kIndefinite = 31;
inline constexpr unsigned char kBreak = 0xff;

struct CborHead {
  unsigned major = 0;
  unsigned info = 0;
  std::uint64_t argument = 0;
};

// Takes a head off the front. False if it is cut off or of a reserved kind.
[[nodiscard]] inline bool read_cbor_head(ByteReader& reader, CborHead& head) {
  const auto first = reader.take<std::uint8_t>();
  head.major = first >> 5U;
  head.info = first & 31U;
  head.argument = head.info;
  if (head.info < 24) return reader.ok();
  if (head.info == 24) head.argument = reader.take<std::uint8_t>();
  if (head.info == 25) head.argument = reader.take<std::uint16_t>();
  if (head.info == 26) head.argument = reader.take<std::uint32_t>();
  if (head.info == 27) head.argument = reader.take<std::uint64_t>();
  const bool is_reserved = head.info > 27 && head.info < kIndefinite;
  return reader.ok() && !is_reserved;
}

}  // namespace millrace::api
