#include "api/kinesis/starting_position.h"

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>

#include "base/error.h"
#include "base/time_point.h"
#include "base/try.h"
#include "streams/errors.h"
#include "streams/sequence_number.h"
#include "streams/shard_map.h"
#include "streams/stream.h"
#include "streams/stream_key.h"

namespace millrace::kinesis {
namespace {

bool is_by_number(const std::string& type) {
  return type == "AT_SEQUENCE_NUMBER" || type == "AFTER_SEQUENCE_NUMBER";
}

std::unexpected<Error> wrong_combination(const Start& start) {
  return fail(streams::kInvalidArgument,
              "Must either specify (1) AT_SEQUENCE_NUMBER or AFTER_SEQUENCE_NUMBER and "
              "StartingSequenceNumber or (2) TRIM_HORIZON or LATEST and no "
              "StartingSequenceNumber. Request specified " +
                  start.type +
                  (start.sequence_number ? " and also a StartingSequenceNumber."
                                         : " and no StartingSequenceNumber."));
}

// The number in the request, checked against the shard it is used on.
Result<streams::SequenceNumber> parse_number(const std::string& text, std::string_view operation,
                                             const streams::Shard& shard,
                                             const streams::StreamKey& stream) {
  const std::string id = streams::shard_id(shard.index);
  const std::string used = "StartingSequenceNumber " + text + " used in " + std::string(operation) +
                           " on shard " + id + " in stream " + stream.name + " under account " +
                           stream.scope.account + " is invalid";
  const auto number = streams::parse_sequence_number(text);
  if (!number) return fail(streams::kInvalidArgument, used + ".");
  if (number->shard_index != shard.index) {
    return fail(streams::kInvalidArgument, "Invalid StartingSequenceNumber. It encodes " +
                                               streams::shard_id(number->shard_index) +
                                               ", while it was used in a call to a shard with " +
                                               id);
  }
  if (number->version == 0) return fail(streams::kInternalFailure, "");
  if (number->version != 2 || number->creation_second != shard.creation_second) {
    return fail(streams::kInvalidArgument, used + " because it did not come from this stream.");
  }
  return *number;
}

// Refuses to read after the EndingSequenceNumber of a closed shard; reading at it is allowed.
// Source: a GetShardIterator refused by the service,
// spring-attic/spring-cloud-stream-binder-aws-kinesis#187; for SubscribeToShard it is a guess.
std::unexpected<Error> end_has_been_reached() {
  return fail(streams::kInvalidArgument,
              "Invalid SequenceNumber for ShardIteratorType AFTER_SEQUENCE_NUMBER, SequenceNumber "
              "has reached max possible value for the shard.");
}

Result<streams::ReadFrom> from_time(const Start& start, const streams::Stream& stream,
                                    TimePoint now) {
  if (start.sequence_number) return wrong_combination(start);
  if (!start.timestamp) {
    return fail(streams::kInvalidArgument,
                "Must specify timestampInMillis parameter for iterator of type AT_TIMESTAMP. "
                "Current request has no timestamp parameter.");
  }
  const TimePoint latest = std::max(now, time_from_millis(stream.newest_second() * 1000));
  if (*start.timestamp > latest) {
    return fail(streams::kInvalidArgument,
                "The timestampInMillis parameter cannot be greater than the "
                "currentTimestampInMillis. timestampInMillis: " +
                    std::to_string(millis_of(*start.timestamp)) +
                    ", currentTimestampInMillis: " + std::to_string(millis_of(now)));
  }
  return streams::ReadFrom{streams::ReadFrom::Kind::kTime, 0, *start.timestamp};
}

}  // namespace

Result<streams::ReadFrom> read_from(const Start& start, std::string_view operation,
                                    const streams::Stream& stream, const streams::Shard& shard,
                                    TimePoint now) {
  const bool by_number = is_by_number(start.type);
  const bool by_time = start.type == "AT_TIMESTAMP";
  if (start.sequence_number && !by_number && !by_time) return wrong_combination(start);

  std::optional<streams::SequenceNumber> number;
  if (start.sequence_number) {
    const auto parsed =
        TRY(parse_number(*start.sequence_number, operation, shard, stream.state().facts->key));
    number = parsed;
  }
  if (by_number && !number) return wrong_combination(start);
  if (by_time) return from_time(start, stream, now);
  const bool is_after = start.type == "AFTER_SEQUENCE_NUMBER";
  if (is_after && number->index == streams::kEndIndex) return end_has_been_reached();
  if (start.type == "TRIM_HORIZON") return streams::ReadFrom{};

  const auto position =
      TRY(by_number ? stream.position_of(shard, *number, is_after) : stream.latest(shard.index));
  return streams::ReadFrom{streams::ReadFrom::Kind::kPosition, position, {}};
}

}  // namespace millrace::kinesis
