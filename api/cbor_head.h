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
[[nodiscard]] bool read_cbor_head(ByteReader& reader, CborHead& head);

}  // namespace millrace::api
