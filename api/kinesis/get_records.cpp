// GetRecords: the next records of a shard, and where to go on.
//
// Answers at once, also when there is nothing. The answer that reaches the end of a closed shard
// has no NextShardIterator but the shards to go on with. Source: API_GetRecords, Kinesis API
// reference; tests/conformance/test_get.py.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <memory_resource>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include "api/context.h"
#include "api/field.h"
#include "api/kinesis/operations.h"
#include "api/kinesis/patterns.h"
#include "api/kinesis/put.h"
#include "api/kinesis/record_shapes.h"
#include "api/kinesis/resources.h"
#include "api/kinesis/tokens.h"
#include "api/operation.h"
#include "base/error.h"
#include "base/time_point.h"
#include "base/try.h"
#include "storage/engine.h"
#include "streams/errors.h"
#include "streams/quota.h"
#include "streams/shard_map.h"
#include "streams/stream.h"
#include "world/world.h"

namespace millrace::kinesis {
namespace {

constexpr std::int32_t kRecordsMax = 10000;
constexpr std::size_t kBytesMax = 10UL << 20U;  // Data and partition keys.
constexpr std::size_t kOneBytes = 176;          // Of an encoded record, besides its key and data.
constexpr std::size_t kRestBytes = 1024;        // Of the answer.
// With less room for the answer it would have too few records to be worth a call.
constexpr std::size_t kRoomMin = 64UL << 10U;

struct Request {
  std::optional<std::int32_t> limit;
  std::string_view shard_iterator;
  std::optional<std::string> stream_arn;
  std::optional<std::string> stream_id;
  std::optional<bool> dry_run;

  static constexpr auto fields = std::tuple{
      field("Limit", &Request::limit).range(1, kRecordsMax),
      field("ShardIterator", &Request::shard_iterator).length(1, 512).required(),
      field("StreamARN", &Request::stream_arn).matching(kStreamArnPattern).length(1, 2048),
      field("StreamId", &Request::stream_id).matching(kStreamIdPattern).length(1, 24),
      field("DryRun", &Request::dry_run),
  };
};

struct Response {
  RecordShapes records;
  std::optional<std::string> next_shard_iterator;
  std::int64_t millis_behind_latest = 0;
  std::optional<std::vector<ChildShard>> child_shards;
  // What the records point into, and how much that is; no members of the answer.
  std::unique_ptr<std::pmr::monotonic_buffer_resource> memory;
  std::size_t size_bytes = 0;

  [[nodiscard]] std::size_t encoded_bytes() const {
    return size_bytes / 2 * 3 + records.size() * kOneBytes + kRestBytes;
  }

  static constexpr auto fields = std::tuple{
      field("Records", &Response::records).required(),
      field("NextShardIterator", &Response::next_shard_iterator),
      field("MillisBehindLatest", &Response::millis_behind_latest),
      field("ChildShards", &Response::child_shards),
  };
};

// The iterator's stream, if it is still the one the iterator was made for.
Result<streams::StreamPointer> find_by_iterator(const Request& request,
                                                const ShardIterator& iterator,
                                                api::Context& context) {
  if (request.stream_arn) {
    const auto key = stream_key(context, request.stream_arn, std::nullopt);
    if (!key || *key != iterator.stream) {
      return fail(streams::kInvalidArgument, "Invalid ShardIterator.");
    }
  }
  auto stream = find_stream(context, iterator.stream);
  if (!stream && stream.error().code != streams::kResourceNotFound) return stream;
  if (!stream || (*stream)->state().facts->id != iterator.stream_id) {
    return std::unexpected(
        streams::shard_does_not_exist(streams::shard_id(iterator.shard_index), iterator.stream));
  }
  return stream;
}

Result<Response> handle(const Request& request, api::Context& context) {
  const TimePoint now = context.world().clock().now();
  auto iterator =
      TRY(Tokens(context.world().sealer()).decode_iterator(request.shard_iterator, now));
  const auto stream = TRY(find_by_iterator(request, iterator, context));

  const auto [facts, shards] = stream->state();
  if (shards->find(iterator.shard_index) == nullptr) {
    return std::unexpected(
        streams::shard_does_not_exist(streams::shard_id(iterator.shard_index), iterator.stream));
  }
  if (request.dry_run.value_or(false)) return dry_run();
  const storage::LogId log = streams::log_of(facts->id, iterator.shard_index);
  if (!context.world().quotas().read(log)) {
    return std::unexpected(
        streams::shard_read_rate_exceeded(streams::shard_id(iterator.shard_index), facts->key));
  }
  // While many answers wait to be read, this one has fewer records, as the service's may have. If
  // not even one fits the caller is told to come again.
  const auto no_room = [&] {
    return std::unexpected(
        streams::shard_read_rate_exceeded(streams::shard_id(iterator.shard_index), facts->key));
  };
  if (context.answer_room < kRoomMin) return no_room();
  const auto wanted = static_cast<std::size_t>(request.limit.value_or(kRecordsMax));
  const std::size_t half = (context.answer_room - kRestBytes) / 2;
  const streams::ReadLimits limits{std::min(wanted, half / kOneBytes),
                                   std::min(kBytesMax, half / 3 * 2)};
  auto read = TRY(stream->read(iterator.shard_index, iterator.from, limits));

  Response response;
  response.millis_behind_latest = read.millis_behind;
  // The end has an answer of its own. The service was seen to give it with the last records and
  // after them; of the consumers, Telegraf loses records that come with it and Flink reads them
  // again.
  const bool is_end = read.is_at_end && read.records.empty();
  response.records = RecordShapes(std::move(read.records));
  response.memory = std::move(read.memory);
  response.size_bytes = read.size_bytes;
  if (response.encoded_bytes() > context.answer_room) return no_room();
  context.world().quotas().has_read(log, response.size_bytes);
  stream->meter().note_read("", iterator.shard_index, response.records.size(), response.size_bytes,
                            response.millis_behind_latest);
  if (is_end) {
    // One look at the shards: a reshard makes the end and the children visible together.
    response.child_shards = child_shards(*stream->state().shards, iterator.shard_index);
  } else {
    iterator.issued = now;
    iterator.from = read.next;
    response.next_shard_iterator = Tokens(context.world().sealer()).encode(iterator);
  }
  return response;
}

}  // namespace

const Operation& GetRecords() {
  static constexpr Operation kOperation =
      api::make_hot_operation<&handle>("GetRecords", api::kRateByHandler);
  return kOperation;
}

}  // namespace millrace::kinesis
