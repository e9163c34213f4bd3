#include "base/iso_time.h"

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <optional>
#include <string>
#include <string_view>

#include "base/time_point.h"

namespace millrace {
namespace {

namespace chrono = std::chrono;

constexpr std::int64_t kMillis = 1000;
constexpr std::int64_t kSecondsOfMinute = 60;
constexpr std::int64_t kSecondsOfHour = 3600;

// Takes a number, the sign of an offset or a separator off the front of a text.
class Scan {
 public:
  explicit Scan(std::string_view text) : rest_(text) {}

  // Takes exactly `digits` digits.
  int number(std::size_t digits) {
    int value = 0;
    for (std::size_t i = 0; i < digits; ++i) {
      if (i >= rest_.size() || rest_[i] < '0' || rest_[i] > '9') {
        ok_ = false;
        return 0;
      }
      value = value * 10 + (rest_[i] - '0');
    }
    rest_.remove_prefix(digits);
    return value;
  }

  bool take(char wanted) {
    if (rest_.empty() || rest_.front() != wanted) return false;
    rest_.remove_prefix(1);
    return true;
  }

  void expect(char wanted) { ok_ = take(wanted) && ok_; }

  // Milliseconds of the decimals of a second.
  std::int64_t decimals() {
    std::int64_t millis = 0;
    std::int64_t unit = kMillis / 10;
    const std::size_t had = rest_.size();
    while (!rest_.empty() && rest_.front() >= '0' && rest_.front() <= '9') {
      millis += (rest_.front() - '0') * unit;
      unit /= 10;
      rest_.remove_prefix(1);
    }
    ok_ = ok_ && rest_.size() < had;
    return millis;
  }

  [[nodiscard]] bool is_whole() const { return ok_ && rest_.empty(); }

 private:
  std::string_view rest_;
  bool ok_ = true;
};

// Seconds that a local time is ahead of UTC.
std::int64_t take_offset(Scan& scan) {
  if (scan.take('Z')) return 0;
  const bool is_behind = scan.take('-');
  if (!is_behind) scan.expect('+');
  const std::int64_t hours = scan.number(2);
  scan.expect(':');
  const std::int64_t offset = hours * kSecondsOfHour + scan.number(2) * kSecondsOfMinute;
  return is_behind ? -offset : offset;
}

}  // namespace

std::string iso_time(TimePoint time) {
  const chrono::sys_seconds second{chrono::seconds(seconds_of(time))};
  const auto day = chrono::floor<chrono::days>(second);
  const chrono::year_month_day date(day);
  const chrono::hh_mm_ss clock(second - day);
  const std::int64_t millis = millis_of(time) - seconds_of(time) * kMillis;
  std::array<char, 48> text{};
  int length = std::snprintf(
      text.data(), text.size(), "%04d-%02u-%02uT%02d:%02d:%02d", static_cast<int>(date.year()),
      static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
      static_cast<int>(clock.hours().count()), static_cast<int>(clock.minutes().count()),
      static_cast<int>(clock.seconds().count()));
  std::string out(text.data(), static_cast<std::size_t>(length));
  if (millis != 0) {
    length = std::snprintf(text.data(), text.size(), ".%03d", static_cast<int>(millis));
    out.append(text.data(), static_cast<std::size_t>(length));
  }
  return out + "Z";
}

std::optional<TimePoint> parse_iso_time(std::string_view text) {
  Scan scan(text);
  const chrono::year year(scan.number(4));
  scan.expect('-');
  const chrono::month month(static_cast<unsigned>(scan.number(2)));
  scan.expect('-');
  const chrono::day day(static_cast<unsigned>(scan.number(2)));
  scan.expect('T');
  const int hour = scan.number(2);
  scan.expect(':');
  const int minute = scan.number(2);
  scan.expect(':');
  const int second = scan.number(2);
  const std::int64_t millis = scan.take('.') ? scan.decimals() : 0;
  const std::int64_t offset = take_offset(scan);
  const chrono::year_month_day date(year, month, day);
  if (!scan.is_whole() || !date.ok() || hour > 23 || minute > 59 || second > 59) {
    return std::nullopt;
  }
  const std::int64_t seconds =
      chrono::sys_seconds(chrono::sys_days(date)).time_since_epoch().count() +
      hour * kSecondsOfHour + minute * kSecondsOfMinute + second - offset;
  return time_from_millis(seconds * kMillis + millis);
}

}  // namespace millrace
