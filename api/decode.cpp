#include "api/decode.h"

#include <algorithm>
#include <cctype>
#include <charconv>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <variant>

#include "api/value.h"
#include "base/base64.h"
#include "base/iso_time.h"
#include "base/time_point.h"

namespace millrace::api::convert {
namespace {

constexpr std::string_view kBooleanClass = "class java.lang.Boolean";
constexpr std::string_view kNumberClass =
    "class com.amazon.coral.value.json.numbers.TruncatingBigNumber";
constexpr std::string_view kStringClass = "class java.lang.String";
constexpr std::string_view kBytesClass = "class java.nio.HeapByteBuffer";

// The service's name for what `value` is; empty for lists and maps, which have texts of their own.
std::string_view class_of(const Value& value) {
  if (std::holds_alternative<bool>(value.held)) return kBooleanClass;
  if (std::holds_alternative<std::string>(value.held)) return kStringClass;
  if (std::holds_alternative<Bytes>(value.held)) return kBytesClass;
  return kNumberClass;
}

Failure unexpected_collection(const Value& value) {
  if (std::holds_alternative<ValueList>(value.held)) {
    return "Start of list found where not expected";
  }
  if (std::holds_alternative<ValueMap>(value.held)) {
    return "Start of structure or map found where not expected.";
  }
  return std::nullopt;
}

Failure cannot_convert(const Value& value, std::string_view to) {
  if (auto failure = unexpected_collection(value)) return failure;
  return std::string(class_of(value)) + " can not be converted to " + std::string(to);
}

// The number in `value`, rounded down and kept within `min` and `max`; nullopt if it is no number,
// or not a finite one, which only CBOR can say.
std::optional<std::int64_t> whole_number(const Value& value, std::int64_t min, std::int64_t max) {
  if (const auto* whole = std::get_if<std::int64_t>(&value.held)) {
    return std::clamp(*whole, min, max);
  }
  if (const auto* real = std::get_if<double>(&value.held)) {
    if (!std::isfinite(*real)) return std::nullopt;
    const double floored = std::floor(*real);
    if (floored <= static_cast<double>(min)) return min;
    if (floored >= static_cast<double>(max)) return max;
    return static_cast<std::int64_t>(floored);
  }
  return std::nullopt;
}

// Puts the number in place of the text that says it, if it is one.
template <class Number>
void read_number(Value& value) {
  const auto* text = std::get_if<std::string>(&value.held);
  if (text == nullptr || text->empty()) return;
  Number number{};
  const char* const end = text->data() + text->size();
  const auto parsed = std::from_chars(text->data(), end, number);
  if (parsed.ec == std::errc{} && parsed.ptr == end) value.held = number;
}

Failure base64_failure(const std::string& text) {
  const auto because = [&](const std::string& why) {
    return "'" + text + "' can not be converted to a Blob: " + why;
  };
  if (text.size() % 4 != 0) {
    return because("Base64 encoded length is expected a multiple of 4 bytes but found: " +
                   std::to_string(text.size()));
  }
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto c = static_cast<unsigned char>(text[i]);
    const bool is_digit = c < 0x80 && (std::isalnum(c) != 0 || c == '+' || c == '/');
    const bool is_padding = c == '=' && text.find_first_not_of('=', i) == std::string::npos;
    if (!is_digit && !is_padding) {
      return because(std::string("Invalid Base64 character: '") + text[i] + "'");
    }
  }
  return because("Invalid last non-pad Base64 character dectected");
}

}  // namespace

Failure to_string(Value& value) {
  if (std::holds_alternative<std::string>(value.held)) return std::nullopt;
  return cannot_convert(value, "an String");
}

Failure to_integer(Value& value, Form form) {
  if (form == Form::kQuery) read_number<std::int64_t>(value);
  const auto number = whole_number(value, std::numeric_limits<std::int32_t>::min(),
                                   std::numeric_limits<std::int32_t>::max());
  if (!number) return cannot_convert(value, "an Integer");
  value.held = *number;
  return std::nullopt;
}

Failure to_long(Value& value, Form form) {
  if (form == Form::kQuery) read_number<std::int64_t>(value);
  const auto number = whole_number(value, std::numeric_limits<std::int64_t>::min(),
                                   std::numeric_limits<std::int64_t>::max());
  if (!number) return cannot_convert(value, "an Long");
  value.held = *number;
  return std::nullopt;
}

Failure to_double(Value& value, Form form) {
  if (form == Form::kQuery) read_number<double>(value);
  if (std::holds_alternative<double>(value.held)) return std::nullopt;
  if (const auto* whole = std::get_if<std::int64_t>(&value.held)) {
    value.held = static_cast<double>(*whole);
    return std::nullopt;
  }
  // JSON has no number for these three.
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  if (const auto* text = std::get_if<std::string>(&value.held)) {
    const bool is_known = *text == "NaN" || *text == "Infinity" || *text == "-Infinity";
    if (is_known) {
      value.held = *text == "NaN" ? std::numeric_limits<double>::quiet_NaN()
                                  : (*text == "Infinity" ? kInfinity : -kInfinity);
      return std::nullopt;
    }
  }
  return cannot_convert(value, "a Double");
}

Failure to_boolean(Value& value) {
  if (std::holds_alternative<bool>(value.held)) return std::nullopt;
  const auto* text = std::get_if<std::string>(&value.held);
  if (text == nullptr) return cannot_convert(value, "an Boolean");
  std::string upper = *text;
  std::ranges::transform(upper, upper.begin(),
                         [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
  if (upper == "TRUE" || upper == "1" || upper == "YES") {
    value.held = true;
  } else if (upper == "FALSE" || upper == "0" || upper == "NO") {
    value.held = false;
  } else {
    return "'" + upper + "' can not be converted to an Boolean";
  }
  return std::nullopt;
}

Failure to_blob(Value& value) {
  if (std::holds_alternative<Bytes>(value.held)) return std::nullopt;
  const auto* text = std::get_if<std::string>(&value.held);
  if (text == nullptr) return cannot_convert(value, "a Blob");
  auto bytes = from_base64(*text);
  if (!bytes) return base64_failure(*text);
  value.held = Bytes{std::move(*bytes)};
  return std::nullopt;
}

Failure to_timestamp(Value& value, Form form) {
  constexpr auto kMin = std::numeric_limits<std::int64_t>::min() / 4;
  constexpr auto kMax = std::numeric_limits<std::int64_t>::max() / 4;
  constexpr auto kSecondsMax = static_cast<double>(kMax);  // Far beyond kMax in milliseconds.
  if (form == Form::kQuery) {
    const auto* text = std::get_if<std::string>(&value.held);
    const auto time = text != nullptr ? parse_iso_time(*text) : std::nullopt;
    if (!time) return cannot_convert(value, "a timestamp");
    value.held = millis_of(*time);
    return std::nullopt;
  }
  if (form != Form::kCbor) {
    if (const auto* real = std::get_if<double>(&value.held)) {
      value.held = std::round(std::clamp(*real, -kSecondsMax, kSecondsMax) * 1000);
    }
    if (const auto* whole = std::get_if<std::int64_t>(&value.held)) {
      value.held = std::clamp(*whole, kMin / 1000, kMax / 1000) * 1000;
    }
  }
  const auto millis = whole_number(value, kMin, kMax);
  if (!millis) return cannot_convert(value, "milliseconds since epoch");
  value.held = *millis;
  return std::nullopt;
}

Failure to_list(Value& value, Form form) {
  const auto* text = std::get_if<std::string>(&value.held);
  // A name without a text is all there is of an empty list.
  if (form == Form::kQuery && text != nullptr && text->empty()) value.held = ValueList{};
  if (std::holds_alternative<ValueList>(value.held)) return std::nullopt;
  if (auto failure = unexpected_collection(value)) return failure;
  return "Expected list or null";
}

Failure to_map(const Value& value) {
  if (std::holds_alternative<ValueMap>(value.held)) return std::nullopt;
  if (auto failure = unexpected_collection(value)) return failure;
  return "Expected map or null";
}

Failure to_structure(const Value& value) {
  if (std::holds_alternative<ValueMap>(value.held)) return std::nullopt;
  if (auto failure = unexpected_collection(value)) return failure;
  return "Expected null";
}

}  // namespace millrace::api::convert
