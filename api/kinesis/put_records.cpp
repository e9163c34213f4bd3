// PutRecords: appends up to 500 records, each to the shard its hash key belongs to.
//
// A request that is wrong in any record fails as a whole. Records of one request that go to the
// same shard get consecutive numbers in their order. Source: API_PutRecords, Kinesis API reference;
// tests/conformance/test_put.py.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "api/context.h"
#include "api/field.h"
#include "api/kinesis/operations.h"
#include "api/kinesis/patterns.h"
#include "api/kinesis/put.h"
#include "api/kinesis/resources.h"
#include "api/kinesis/shapes.h"
#include "api/operation.h"
#include "api/validate.h"
#include "base/error.h"
#include "base/try.h"
#include "streams/errors.h"
#include "streams/record.h"
#include "streams/sequence_number.h"
#include "streams/shard_map.h"
#include "streams/stream.h"
#include "streams/stream_facts.h"
#include "streams/stream_key.h"

namespace millrace::kinesis {
namespace {

struct EntryShape {
  std::optional<std::string_view> partition_key;
  std::optional<std::string_view> explicit_hash_key;
  api::BlobView data;

  static constexpr auto fields = std::tuple{
      field("PartitionKey", &EntryShape::partition_key).length(1, 256),
      field("ExplicitHashKey", &EntryShape::explicit_hash_key).matching(kHashKeyPattern),
      field("Data", &EntryShape::data).length(0, kRecordBytesMax).required(),
  };
};

struct Request {
  std::vector<EntryShape> records;
  StreamRef stream;
  std::optional<bool> dry_run;

  static constexpr auto fields = std::tuple{
      field("Records", &Request::records).length(1, 500).required(),
      flatten(&Request::stream),
      field("DryRun", &Request::dry_run),
  };
};

// A record that was stored has a number and a shard, one that was not has an error.
struct ResultShape {
  std::optional<streams::SequenceText> sequence_number;
  std::optional<std::string_view> shard_id;
  std::optional<std::string> error_code;
  std::optional<std::string> error_message;

  static constexpr auto fields = std::tuple{
      field("SequenceNumber", &ResultShape::sequence_number),
      field("ShardId", &ResultShape::shard_id),
      field("ErrorCode", &ResultShape::error_code),
      field("ErrorMessage", &ResultShape::error_message),
  };
};

struct Response {
  std::int32_t failed_record_count = 0;
  std::vector<ResultShape> records;
  std::optional<std::string_view> encryption_type;
  std::vector<std::string> shard_ids;  // What the records point into; no member of the answer.

  [[nodiscard]] std::size_t encoded_bytes() const {
    constexpr std::size_t kOneBytes = 128;
    return (records.size() + 1) * kOneBytes;
  }

  static constexpr auto fields = std::tuple{
      field("FailedRecordCount", &Response::failed_record_count),
      field("Records", &Response::records).required(),
      field("EncryptionType", &Response::encryption_type),
  };
};

// How messages name a member of the record at `index`.
std::string member_path(std::size_t index, std::string_view member) {
  return "records." + std::to_string(index + 1) + ".member." + std::string(member);
}

Result<std::vector<streams::NewRecord>> to_records(const Request& request,
                                                   streams::Distribution distribution) {
  api::Violations violations;
  for (std::size_t i = 0; i < request.records.size(); ++i) {
    if (lacks_key(request.records[i].partition_key, distribution)) {
      violations.add_missing(member_path(i, "partitionKey"));
    }
  }
  if (!violations.is_empty()) return std::unexpected(violations.to_error());
  std::vector<streams::NewRecord> records;
  records.reserve(request.records.size());
  for (const EntryShape& entry : request.records) {
    auto record = TRY(
        to_record(entry.partition_key, entry.explicit_hash_key, entry.data.bytes, distribution));
    records.push_back(record);
  }
  return records;
}

Result<void> check_sizes(const std::vector<streams::NewRecord>& records, std::size_t bytes_max) {
  api::Violations violations;
  std::size_t total = 0;
  for (std::size_t i = 0; i < records.size(); ++i) {
    total += records[i].size_bytes();
    if (records[i].size_bytes() <= bytes_max) continue;
    check_size(records[i], bytes_max, member_path(i, "data"), violations);
  }
  if (!violations.is_empty()) return std::unexpected(violations.to_error());
  if (total > kRequestBytesMax) {
    return fail(streams::kInvalidArgument, "Records size exceeds 10 MB limit");
  }
  return {};
}

void add_part(const streams::PutPart& part, std::string_view shard, Response& response) {
  streams::SequencePrinter printer;
  streams::SequenceNumber number = part.first;
  for (const std::uint32_t place : part.places) {
    ResultShape& result = response.records[place];
    result.sequence_number = printer.print(number);
    result.shard_id = shard;
    ++number.index;
  }
}

void add_throttled(const streams::PutPart& part, const std::string& shard,
                   const streams::StreamKey& stream, Response& response) {
  const Error error = streams::shard_rate_exceeded(shard, stream);
  for (const std::uint32_t place : part.places) {
    response.records[place].error_code = error.code.name;
    response.records[place].error_message = error.message;
    ++response.failed_record_count;
  }
}

Response to_response(const streams::PutReceipt& receipt, std::size_t record_count,
                     const streams::StreamKey& stream) {
  Response response;
  response.encryption_type = encryption_type(receipt.is_encrypted);
  response.records.resize(record_count);
  response.shard_ids.reserve(receipt.parts.size());
  for (const streams::PutPart& part : receipt.parts) {
    const std::string& shard = response.shard_ids.emplace_back(streams::shard_id(part.shard_index));
    if (part.is_throttled) {
      add_throttled(part, shard, stream, response);
    } else {
      add_part(part, shard, response);
    }
  }
  return response;
}

Result<Response> handle(const Request& request, api::Context& context) {
  const auto stream = TRY(find_writable(context, request.stream));
  const auto facts = stream->state().facts;
  const auto records = TRY(to_records(request, facts->settings.distribution));
  TRY(check_sizes(records, facts->record_bytes_max()));
  if (request.dry_run.value_or(false)) return dry_run();

  const auto receipt = TRY(stream->put(records, when_of(context)));
  context.wait_for(receipt.ticket);
  return to_response(receipt, records.size(), facts->key);
}

}  // namespace

const Operation& PutRecords() {
  static constexpr Operation kOperation =
      api::make_hot_operation<&handle>("PutRecords", api::kRateByHandler);
  return kOperation;
}

}  // namespace millrace::kinesis
