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

#include "base/error.h"
#include "server/config.h"
#include "streams/catalogue.h"
#include "streams/stream_key.h"

namespace millrace::server {
namespace {

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

Result<std::vector<InitialStream>> parse_initial_streams(std::string_view text) {
  std::vector<InitialStream> streams;
  for (const std::string_view part : split(text, ',')) {
    const auto bad = [&](const std::string& why) {
      return fail(kBadConfig, "streams at start: \"" + std::string(part) + "\" " + why);
    };
    if (part.empty()) continue;
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
    if (!stream.region.empty() && !streams::is_region(stream.region)) {
      return bad("has no valid region");
    }
    streams.push_back(std::move(stream));
  }
  return streams;
}

Result<void> parse_delay(std::string_view text, streams::TransitionDelays& delays) {
  constexpr std::int64_t kDelayMaxMs = 3'600'000;
  const std::size_t equals = text.find('=');
  const bool names_one = equals != std::string_view::npos;
  const std::string_view which = names_one ? text.substr(0, equals) : std::string_view{};
  const auto millis = parse_number<std::int64_t>(names_one ? text.substr(equals + 1) : text);
  if (!millis || *millis < 0 || *millis > kDelayMaxMs) {
    return fail(kBadConfig, "transition delay: \"" + std::string(text) +
                                "\" has no milliseconds from 0 to " + std::to_string(kDelayMaxMs));
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
    *named.delay = std::chrono::milliseconds(*millis);
    is_known = true;
  }
  if (is_known) return {};
  return fail(kBadConfig, "transition delay: \"" + std::string(which) +
                              "\" is none of create, delete, reshard, update, consumer");
}

}  // namespace millrace::server
