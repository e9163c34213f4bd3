#include "app/config_values.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include "base/duration.h"
#include "base/error.h"
#include "base/scope.h"
#include "streams/surroundings.h"

namespace millrace::app {
namespace {

using namespace std::chrono_literals;

constexpr std::uint32_t kShardsMax = 10'000;

template <class T>
std::optional<T> parse_number(std::string_view text) {
  T number{};
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), number);
  if (parsed.ec != std::errc{} || parsed.ptr != text.data() + text.size()) return std::nullopt;
  return number;
}

// Splits at `separator`; an empty text has no parts.
std::vector<std::string_view> split(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  while (!text.empty()) {
    const std::size_t end = text.find(separator);
    parts.push_back(text.substr(0, end));
    if (end == std::string_view::npos) break;
    text.remove_prefix(end + 1);
  }
  return parts;
}

}  // namespace

std::vector<std::string_view> split_list(std::string_view text) {
  constexpr std::string_view kBetween = ", \t\r\n";
  std::vector<std::string_view> values;
  for (std::size_t at = text.find_first_not_of(kBetween); at != std::string_view::npos;
       at = text.find_first_not_of(kBetween, at)) {
    const std::size_t end = std::min(text.find_first_of(kBetween, at), text.size());
    values.push_back(text.substr(at, end - at));
    at = end;
  }
  return values;
}

Result<std::vector<std::uint16_t>> parse_ports(const std::vector<std::string>& texts) {
  std::vector<std::uint16_t> ports;
  for (const std::string& text : texts) {
    const auto port = parse_number<std::uint16_t>(text);
    if (!port) return fail(kBadConfig, "--port: \"" + text + "\" is no port from 0 to 65535");
    if (std::ranges::find(ports, *port) != ports.end()) {
      return fail(kBadConfig, "--port: " + text + " is given twice");
    }
    ports.push_back(*port);
  }
  if (ports.empty()) return fail(kBadConfig, "--port: none is given");
  return ports;
}

Result<std::vector<InitialStream>> parse_initial_streams(const std::vector<std::string>& texts) {
  std::vector<InitialStream> streams;
  for (const std::string_view part : texts) {
    const auto bad = [&](const std::string& why) {
      return fail(kBadConfig, "--streams: \"" + std::string(part) + "\" " + why);
    };
    const std::vector<std::string_view> fields = split(part, ':');
    InitialStream stream;
    stream.name = fields[0];
    if (stream.name.empty() || stream.name.size() > 128 ||
        stream.name.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                      "0123456789_.-") != std::string::npos) {
      return bad("has no valid stream name");
    }
    if (fields.size() > 3) return bad("is not name:shards:region");
    if (fields.size() > 1 && !fields[1].empty()) {
      const auto count = parse_number<std::uint32_t>(fields[1]);
      if (!count || *count < 1 || *count > kShardsMax) {
        return bad("has no shard count from 1 to " + std::to_string(kShardsMax));
      }
      stream.shard_count = *count;
    }
    if (fields.size() > 2) stream.region = fields[2];
    if (!stream.region.empty() && !is_region(stream.region)) {
      return bad("has no valid region");
    }
    streams.push_back(std::move(stream));
  }
  return streams;
}

Result<void> parse_delay(std::string_view text, streams::TransitionDelays& delays) {
  constexpr std::chrono::milliseconds kDelayMax = 1h;
  const std::size_t equals = text.find('=');
  const bool names_one = equals != std::string_view::npos;
  const std::string_view which = names_one ? text.substr(0, equals) : std::string_view{};
  const auto time = parse_duration(names_one ? text.substr(equals + 1) : text, 1ms);
  if (!time || *time > kDelayMax) {
    return fail(kBadConfig, "--transition-delay: \"" + std::string(text) +
                                "\" is not a time up to " + show_duration(kDelayMax));
  }
  struct Named {
    std::string_view name;
    std::chrono::milliseconds* delay;
  };
  bool is_known = !names_one;
  for (const Named& named : {Named{"create", &delays.create}, Named{"delete", &delays.remove},
                             Named{"reshard", &delays.reshard}, Named{"update", &delays.update},
                             Named{"consumer", &delays.consumer}}) {
    if (names_one && which != named.name) continue;
    *named.delay = *time;
    is_known = true;
  }
  if (is_known) return {};
  return fail(kBadConfig, "--transition-delay: \"" + std::string(which) +
                              "\" is not one of create, delete, reshard, update, consumer");
}

bool looks_like_region(std::string_view text) {
  // The areas of every partition: the part before direction and number. Source: the partitions that
  // AWS's SDKs know.
  constexpr std::array<std::string_view, 16> kAreas = {
      "af", "ap", "ca", "cn", "eu",     "eu-isoe", "eusc-de", "il",
      "me", "mx", "sa", "us", "us-gov", "us-iso",  "us-isob", "us-isof"};
  const std::size_t number = text.rfind('-');
  if (number == std::string_view::npos || number == 0 || number + 1 == text.size()) return false;
  const std::size_t direction = text.rfind('-', number - 1);
  if (direction == std::string_view::npos || direction + 1 == number) return false;
  const auto has_only = [](std::string_view part, char first, char last) {
    return std::ranges::all_of(part, [=](char c) { return c >= first && c <= last; });
  };
  return has_only(text.substr(number + 1), '0', '9') &&
         has_only(text.substr(direction + 1, number - direction - 1), 'a', 'z') &&
         std::ranges::find(kAreas, text.substr(0, direction)) != kAreas.end();
}

}  // namespace millrace::app
