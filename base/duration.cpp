#include "base/duration.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>

#include "base/error.h"

namespace millrace {
namespace {

using namespace std::chrono_literals;

struct Unit {
  std::string_view suffix;
  std::chrono::milliseconds time;
};

// The largest first.
constexpr std::array<Unit, 4> kUnits = {{{"h", 1h}, {"m", 1min}, {"s", 1s}, {"ms", 1ms}}};

}  // namespace

Result<std::chrono::milliseconds> parse_duration(std::string_view text,
                                                 std::optional<std::chrono::milliseconds> unit) {
  const auto bad = [text] {
    return fail(kBadDuration,
                "\"" + std::string(text) + "\" is not a time such as 500ms, 2s, 5m or 1h");
  };
  const std::size_t end = std::min(text.find_first_not_of("0123456789"), text.size());
  const std::string_view suffix = text.substr(end);
  if (!suffix.empty()) {
    const auto known = std::ranges::find(kUnits, suffix, &Unit::suffix);
    if (known == kUnits.end()) return bad();
    unit = known->time;
  }
  const std::string_view digits = text.substr(0, end);
  std::int64_t number = 0;
  const auto parsed = std::from_chars(digits.data(), digits.data() + digits.size(), number);
  const bool is_number = parsed.ec == std::errc{} && parsed.ptr == digits.data() + digits.size();
  if (!is_number || !unit) return bad();
  if (number > std::numeric_limits<std::int64_t>::max() / unit->count()) return bad();
  return number * *unit;
}

std::string show_duration(std::chrono::milliseconds time) {
  const auto unit = std::ranges::find_if(kUnits, [time](const Unit& one) {
    return time.count() != 0 && time.count() % one.time.count() == 0;
  });
  if (unit == kUnits.end()) return std::to_string(time.count()) + "ms";
  return std::to_string(time / unit->time) + std::string(unit->suffix);
}

}  // namespace millrace
