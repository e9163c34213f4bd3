// GetShardIterator: where in a shard to begin reading.
//
// A stream that does not exist, or not yet, is answered as a shard that does not exist.
// Source: API_GetShardIterator, Kinesis API reference; order of checks and texts:
// tests/conformance/test_get.py.

#include <algorithm>
#include <optional>
#include <string>
#include <tuple>

#include "api/context.h"
#include "api/kinesis/operations.h"
#include "api/kinesis/shapes.h"
#include "api/operation.h"
#include "api/tokens.h"
#include "base/clock.h"
#include "base/error.h"
#include "streams/catalogue.h"
#include "streams/errors.h"
#include "streams/sequence_number.h"
#include "streams/shard_map.h"
#include "streams/stream.h"
#include "streams/stream_key.h"

namespace millrace::kinesis {
namespace {

struct Request {
  std::string shard_id;
  std::string type;
  std::optional<std::string> starting_sequence_number;
  StreamRef stream;
  std::optional<TimePoint> timestamp;

  static constexpr auto fields = std::tuple{
      field("ShardId", &Request::shard_id).matching(kNamePattern).length(1, 128).required(),
      field("ShardIteratorType", &Request::type).one_of(kShardIteratorTypes).required(),
      field("StartingSequenceNumber", &Request::starting_sequence_number)
          .matching(kSequenceNumberPattern),
      flatten(&Request::stream),
      field("Timestamp", &Request::timestamp),
  };
};

struct Response {
  std::string shard_iterator;

  static constexpr auto fields = std::tuple{field("ShardIterator", &Response::shard_iterator)};
};

bool is_by_number(const std::string& type) {
  return type == "AT_SEQUENCE_NUMBER" || type == "AFTER_SEQUENCE_NUMBER";
}

std::unexpected<Error> wrong_combination(const Request& request) {
  return fail(streams::kInvalidArgument,
              "Must either specify (1) AT_SEQUENCE_NUMBER or AFTER_SEQUENCE_NUMBER and "
              "StartingSequenceNumber or (2) TRIM_HORIZON or LATEST and no "
              "StartingSequenceNumber. Request specified " +
                  request.type +
                  (request.starting_sequence_number ? " and also a StartingSequenceNumber."
                                                    : " and no StartingSequenceNumber."));
}

// The number in the request, checked against the shard it is used on.
Result<streams::SequenceNumber> parse_number(const std::string& text, const streams::Shard& shard,
                                             const streams::StreamKey& stream) {
  const std::string id = streams::shard_id(shard.index);
  const std::string used = "StartingSequenceNumber " + text +
                           " used in GetShardIterator on shard " + id + " in stream " +
                           stream.name + " under account " + stream.account + " is invalid";
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

Result<streams::ReadFrom> from_time(const Request& request, const streams::Stream& stream,
                                    TimePoint now) {
  if (request.starting_sequence_number) return wrong_combination(request);
  if (!request.timestamp) {
    return fail(streams::kInvalidArgument,
                "Must specify timestampInMillis parameter for iterator of type AT_TIMESTAMP. "
                "Current request has no timestamp parameter.");
  }
  const TimePoint latest = std::max(now, time_from_millis(stream.newest_second() * 1000));
  if (*request.timestamp > latest) {
    return fail(streams::kInvalidArgument,
                "The timestampInMillis parameter cannot be greater than the "
                "currentTimestampInMillis. timestampInMillis: " +
                    std::to_string(millis_of(*request.timestamp)) +
                    ", currentTimestampInMillis: " + std::to_string(millis_of(now)));
  }
  return streams::ReadFrom{streams::ReadFrom::Kind::kTime, 0, *request.timestamp};
}

Result<streams::ReadFrom> starting_point(const Request& request, const streams::Stream& stream,
                                         const streams::Shard& shard, TimePoint now) {
  const bool by_number = is_by_number(request.type);
  const bool by_time = request.type == "AT_TIMESTAMP";
  if (request.starting_sequence_number && !by_number && !by_time) return wrong_combination(request);

  std::optional<streams::SequenceNumber> number;
  if (request.starting_sequence_number) {
    const auto parsed =
        parse_number(*request.starting_sequence_number, shard, stream.state().facts->key);
    if (!parsed) return std::unexpected(parsed.error());
    number = *parsed;
  }
  if (by_number && !number) return wrong_combination(request);
  if (by_time) return from_time(request, stream, now);
  if (request.type == "TRIM_HORIZON") return streams::ReadFrom{};

  const auto position =
      by_number ? stream.position_of(shard, *number, request.type == "AFTER_SEQUENCE_NUMBER")
                : stream.latest(shard.index);
  if (!position) return std::unexpected(position.error());
  return streams::ReadFrom{streams::ReadFrom::Kind::kPosition, *position, {}};
}

Result<Response> handle(const Request& request, api::Context& context) {
  const auto key = stream_key(context, request.stream);
  if (!key) return std::unexpected(key.error());
  const auto index = parse_shard(request.shard_id, *key);
  if (!index) return std::unexpected(index.error());

  const TimePoint now = context.clock.now();
  const auto stream = context.catalogue.find(*key);
  const auto missing = [&] {
    return std::unexpected(streams::shard_does_not_exist(streams::shard_id(*index), *key));
  };
  if (!stream) {
    if (stream.error().code == streams::kResourceNotFound) return missing();
    return std::unexpected(stream.error());
  }
  const auto state = (*stream)->state();
  const streams::Shard* shard = state.shards->find(*index);
  if (shard == nullptr || !require_readable(*state.facts, now)) return missing();

  const auto from = starting_point(request, **stream, *shard, now);
  if (!from) return std::unexpected(from.error());
  return Response{context.tokens.encode(
      api::ShardIterator{now, state.facts->id, state.facts->key, *index, *from})};
}

}  // namespace

const Operation& GetShardIterator() {
  static constexpr Operation kOperation = api::make_operation<&handle>("GetShardIterator");
  return kOperation;
}

}  // namespace millrace::kinesis
