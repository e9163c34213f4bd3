#include "api/kinesis/shapes.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "api/arn.h"
#include "api/context.h"
#include "api/field.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/uint128.h"
#include "streams/catalogue.h"
#include "streams/errors.h"
#include "streams/sequence_number.h"
#include "streams/shard_map.h"
#include "streams/stream.h"
#include "streams/stream_facts.h"
#include "streams/stream_key.h"

namespace millrace::kinesis {
namespace {

constexpr std::string_view kLetters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
constexpr std::string_view kDigits = "0123456789";

bool has_only(std::string_view text, std::string_view first, std::string_view second,
              std::string_view third = {}) {
  return std::ranges::all_of(text, [&](char c) {
    return first.find(c) != std::string_view::npos || second.find(c) != std::string_view::npos ||
           third.find(c) != std::string_view::npos;
  });
}

bool is_name(std::string_view text) {
  return !text.empty() && has_only(text, kLetters, kDigits, "_.-");
}

// "0", or up to `digits_max` digits of which the first is not 0.
bool is_number(std::string_view text, std::size_t digits_max) {
  if (text == "0") return true;
  return !text.empty() && text[0] != '0' && text.size() <= digits_max &&
         has_only(text, kDigits, {});
}

bool is_sequence_number(std::string_view text) { return is_number(text, 129); }
bool is_hash_key(std::string_view text) { return is_number(text, 39); }

// Account id and resource of an ARN of this service, whatever stands between.
bool is_stream_arn(std::string_view text) {
  if (!text.starts_with("arn:aws")) return false;
  constexpr std::string_view kService = ":kinesis:";
  constexpr std::string_view kResource = ":stream/";
  constexpr std::size_t kAccountDigits = 12;
  const std::size_t service = text.find(kService, 7);
  if (service == std::string_view::npos) return false;
  for (std::size_t at = text.find(kResource, service); at != std::string_view::npos;
       at = text.find(kResource, at + 1)) {
    const std::string_view before = text.substr(0, at);
    const std::string_view name = text.substr(at + kResource.size());
    if (before.size() < service + kService.size() + 1 + kAccountDigits) continue;
    const std::string_view account = before.substr(before.size() - kAccountDigits);
    const char separator = before[before.size() - kAccountDigits - 1];
    const bool has_space = name.find_first_of(" \t\r\n\v\f") != std::string_view::npos;
    if (separator == ':' && has_only(account, kDigits, {}) && !name.empty() && !has_space) {
      return true;
    }
  }
  return false;
}

bool is_stream_id(std::string_view text) {
  constexpr std::string_view kSmall = "abcdefghijklmnopqrstuvwxyz";
  return text.size() == 24 && text[20] == '-' && has_only(text.substr(0, 20), kSmall, kDigits) &&
         has_only(text.substr(21), kSmall, kDigits);
}

}  // namespace

const api::Pattern kNamePattern{"[a-zA-Z0-9_.-]+", &is_name};
const api::Pattern kSequenceNumberPattern{"0|([1-9]\\d{0,128})", &is_sequence_number};
const api::Pattern kHashKeyPattern{"0|([1-9]\\d{0,38})", &is_hash_key};
const api::Pattern kStreamArnPattern{"arn:aws.*:kinesis:.*:\\d{12}:stream/\\S+", &is_stream_arn};
const api::Pattern kStreamIdPattern{"[a-z0-9]{20}-[a-z0-9]{3}", &is_stream_id};

Result<streams::StreamKey> stream_key(const api::Context& context,
                                      const std::optional<std::string>& arn,
                                      const std::optional<std::string>& name) {
  if (!arn) return streams::StreamKey{context.account, context.region, name.value_or("")};
  auto key = api::parse_stream_arn(*arn);
  if (!key) return fail(streams::kInvalidArgument, "Invalid StreamARN " + *arn + ".");
  if (name && *name != key->name) {
    return fail(streams::kInvalidArgument,
                "StreamName " + *name + " and StreamARN " + *arn + " name different streams.");
  }
  return std::move(*key);
}

Result<streams::StreamKey> stream_key(const api::Context& context, const StreamRef& ref) {
  return stream_key(context, ref.arn, ref.name);
}

Result<streams::StreamPointer> find_stream(api::Context& context, const StreamRef& ref) {
  const auto key = stream_key(context, ref);
  if (!key) return std::unexpected(key.error());
  return context.catalogue.find(*key);
}

Result<std::uint32_t> parse_shard(const std::string& id, const streams::StreamKey& stream) {
  const auto index = streams::parse_shard_id(id);
  if (!index) return std::unexpected(streams::shard_not_in_stream(id, stream));
  return *index;
}

Result<void> require_readable(const streams::StreamFacts& facts, TimePoint now) {
  const streams::StreamStatus status = facts.status_at(now);
  if (status == streams::StreamStatus::kActive || status == streams::StreamStatus::kUpdating) {
    return {};
  }
  return std::unexpected(streams::stream_not_active(facts.key, streams::to_text(status)));
}

StreamBasics to_shape(const streams::StreamFacts& facts, TimePoint now) {
  StreamBasics basics;
  basics.stream_name = facts.key.name;
  basics.stream_arn = api::stream_arn(facts.key);
  basics.stream_status = streams::to_text(facts.status_at(now));
  basics.stream_mode_details = to_shape(facts.mode);
  basics.retention_period_hours = facts.retention_hours;
  basics.stream_creation_timestamp = time_from_millis(seconds_of(facts.created_at) * 1000);
  return basics;
}

HashKeyRange to_shape(const streams::HashRange& range) {
  return {to_decimal(range.start), to_decimal(range.end)};
}

std::string starting_sequence_number(const streams::Shard& shard) {
  return to_decimal(
      streams::SequenceNumber{2, shard.creation_second, shard.index, 0, shard.creation_second});
}

ShardShape to_shape(const streams::Shard& shard) {
  ShardShape shape;
  shape.shard_id = streams::shard_id(shard.index);
  if (shard.parent) shape.parent_shard_id = streams::shard_id(*shard.parent);
  if (shard.adjacent_parent) {
    shape.adjacent_parent_shard_id = streams::shard_id(*shard.adjacent_parent);
  }
  shape.hash_key_range = to_shape(shard.range);
  shape.sequence_number_range.starting_sequence_number = starting_sequence_number(shard);
  if (shard.end) {
    shape.sequence_number_range.ending_sequence_number = to_decimal(streams::SequenceNumber{
        2, shard.creation_second, shard.index, streams::kEndIndex, shard.end->second});
  }
  return shape;
}

StreamModeDetails to_shape(streams::StreamMode mode) {
  return {std::string(streams::to_text(mode))};
}

std::vector<const streams::Shard*> listed_shards(const streams::StreamState& state, TimePoint now) {
  std::vector<const streams::Shard*> listed;
  const std::int64_t horizon = seconds_of(state.facts->horizon_at(now));
  for (const streams::Shard& shard : state.shards->shards()) {
    if (shard.is_open() || shard.end->second >= horizon) listed.push_back(&shard);
  }
  return listed;
}

}  // namespace millrace::kinesis
