#include "api/cbor.h"

#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

#include "api/cbor_head.h"
#include "api/utf8.h"
#include "api/value.h"
#include "base/bytes.h"
#include "base/time_point.h"

namespace millrace::api {
namespace {

double half_to_double(std::uint16_t half) {
  const int exponent = static_cast<int>(half >> 10U & 0x1fU);
  const int mantissa = static_cast<int>(half & 0x3ffU);
  double value = 0;
  if (exponent == 0) {
    value = std::ldexp(mantissa, -24);
  } else if (exponent != 31) {
    value = std::ldexp(mantissa + 1024, exponent - 25);
  } else {
    value = mantissa == 0 ? std::numeric_limits<double>::infinity()
                          : std::numeric_limits<double>::quiet_NaN();
  }
  return (half & 0x8000U) != 0 ? -value : value;
}

class CborReader {
 public:
  explicit CborReader(std::string_view bytes) : reader_(bytes) {}

  std::optional<Value> read_whole() {
    Value value;
    if (!read(value, 0) || !reader_.at_end()) return std::nullopt;
    return value;
  }

 private:
  bool at_break() const {
    return !reader_.rest().empty() && static_cast<unsigned char>(reader_.rest()[0]) == kBreak;
  }

  bool read(Value& value, int depth) {
    if (depth > kDepthMax || ++count_ > kValuesMax) return false;
    CborHead head;
    if (!read_cbor_head(reader_, head)) return false;
    switch (head.major) {
      case kUnsigned:
        return read_integer(value, head, false);
      case kNegative:
        return read_integer(value, head, true);
      case kByteString: {
        Bytes bytes;
        if (!read_string(bytes.bytes, head)) return false;
        value.held = std::move(bytes);
        return true;
      }
      case kText: {
        std::string text;
        if (!read_string(text, head) || !is_utf8(text)) return false;
        value.held = std::move(text);
        return true;
      }
      case kArray:
        return read_array(value, head, depth);
      case kMap:
        return read_map(value, head, depth);
      case kTag:
        return head.info != kIndefinite && read(value, depth + 1);
      default:
        return read_simple(value, head);
    }
  }

  static bool read_integer(Value& value, const CborHead& head, bool is_negative) {
    if (head.info == kIndefinite) return false;
    constexpr auto kMax = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
    if (head.argument > kMax) {
      const auto magnitude = static_cast<double>(head.argument);
      value.held = is_negative ? -1.0 - magnitude : magnitude;
    } else {
      const auto number = static_cast<std::int64_t>(head.argument);
      value.held = is_negative ? -1 - number : number;
    }
    return true;
  }

  // A declared length is compared with what is there before anything is allocated.
  bool append_chunk(std::string& out, std::uint64_t size) {
    if (size > reader_.rest().size()) return false;
    out.append(reader_.take_bytes(static_cast<std::size_t>(size)));
    return true;
  }

  bool read_string(std::string& out, const CborHead& head) {
    if (head.info != kIndefinite) return append_chunk(out, head.argument);
    while (!at_break()) {
      CborHead chunk;
      if (++count_ > kValuesMax || !read_cbor_head(reader_, chunk)) return false;
      if (chunk.major != head.major || chunk.info == kIndefinite) return false;
      if (!append_chunk(out, chunk.argument)) return false;
    }
    reader_.take_bytes(1);
    return true;
  }

  // Whether another item follows in a collection of which `seen` items have been read.
  bool has_more(const CborHead& head, std::uint64_t seen) {
    if (head.info != kIndefinite) return seen < head.argument;
    if (!at_break()) return true;
    reader_.take_bytes(1);
    return false;
  }

  [[nodiscard]] bool is_plausible(const CborHead& head) const {
    return head.info == kIndefinite || head.argument <= reader_.rest().size();
  }

  bool read_array(Value& value, const CborHead& head, int depth) {
    if (!is_plausible(head)) return false;
    ValueList list;
    for (std::uint64_t seen = 0; has_more(head, seen); ++seen) {
      if (!read(list.emplace_back(), depth + 1)) return false;
    }
    value.held = std::move(list);
    return true;
  }

  bool read_map(Value& value, const CborHead& head, int depth) {
    if (!is_plausible(head)) return false;
    ValueMap map;
    for (std::uint64_t seen = 0; has_more(head, seen); ++seen) {
      Value key;
      if (!read(key, depth + 1)) return false;
      auto* name = std::get_if<std::string>(&key.held);
      if (name == nullptr) return false;
      map.push_back({std::move(*name), Value{}});
      if (!read(map.back().value, depth + 1)) return false;
    }
    value.held = std::move(map);
    return true;
  }

  static bool read_simple(Value& value, const CborHead& head) {
    switch (head.info) {
      case 20:
      case 21:
        value.held = head.info == 21;
        return true;
      case 22:  // null
      case 23:  // undefined
        value.held = std::monostate{};
        return true;
      case 25:
        value.held = half_to_double(static_cast<std::uint16_t>(head.argument));
        return true;
      case 26:
        value.held =
            static_cast<double>(std::bit_cast<float>(static_cast<std::uint32_t>(head.argument)));
        return true;
      case 27:
        value.held = std::bit_cast<double>(head.argument);
        return true;
      default:
        return false;
    }
  }

  ByteReader reader_;
  std::size_t count_ = 0;
};

}  // namespace

std::optional<Value> parse_cbor(std::string_view bytes) { return CborReader(bytes).read_whole(); }

void CborWriter::head(unsigned major, std::uint64_t argument) {
  const auto first = [&](unsigned info) { out_.push_back(static_cast<char>(major << 5U | info)); };
  if (argument < 24) {
    first(static_cast<unsigned>(argument));
  } else if (argument <= 0xff) {
    first(24);
    append_big_endian(out_, static_cast<std::uint8_t>(argument));
  } else if (argument <= 0xffff) {
    first(25);
    append_big_endian(out_, static_cast<std::uint16_t>(argument));
  } else if (argument <= 0xffff'ffff) {
    first(26);
    append_big_endian(out_, static_cast<std::uint32_t>(argument));
  } else {
    first(27);
    append_big_endian(out_, argument);
  }
}

void CborWriter::payload(unsigned major, std::string_view bytes) {
  if (bytes.size() > 0xff) {
    head(major, bytes.size());
    out_.append(bytes);
    return;
  }
  // One step for what most names, keys and small records are.
  const bool is_tiny = bytes.size() < 24;
  char* at = extend(out_, (is_tiny ? 1 : 2) + bytes.size());
  *at++ = static_cast<char>(major << 5U | (is_tiny ? bytes.size() : 24));
  if (!is_tiny) *at++ = static_cast<char>(bytes.size());
  bytes.copy(at, bytes.size());
}

void CborWriter::string(std::string_view text) { payload(kText, text); }

void CborWriter::integer(std::int64_t number) {
  if (number >= 0) {
    head(kUnsigned, static_cast<std::uint64_t>(number));
  } else {
    head(kNegative, static_cast<std::uint64_t>(-1 - number));
  }
}

void CborWriter::boolean(bool value) { head(kSimple, value ? 21 : 20); }

void CborWriter::blob(std::string_view bytes) { payload(kByteString, bytes); }

void CborWriter::timestamp(TimePoint time) {
  constexpr std::int64_t kMillisOfSecond = 1000;
  head(kTag, 1);
  if (time_ == CborTime::kMillis) {
    integer(millis_of(time));
  } else if (millis_of(time) % kMillisOfSecond == 0) {
    integer(seconds_of(time));
  } else {
    number(static_cast<double>(millis_of(time)) / static_cast<double>(kMillisOfSecond));
  }
}

void CborWriter::number(double number) {
  out_.push_back(static_cast<char>(kSimple << 5U | 27U));
  append_big_endian(out_, std::bit_cast<std::uint64_t>(number));
}

}  // namespace millrace::api
