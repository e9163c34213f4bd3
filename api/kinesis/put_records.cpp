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
#include <utility>
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
#include "streams/errors.h"
#include "streams/record.h"
#include "streams/sequence_number.h"
#include "streams/shard_map.h"
#include "streams/stream.h"
#include "streams/stream_facts.h"

namespace millrace::kinesis {
namespace {

struct EntryShape {
  std::optional<std::string> partition_key;
  std::optional<std::string> explicit_hash_key;
  api::Blob data;

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
      field("Records", &Request::records)
          .length(1, 500)
          .elements_of("PutRecordsRequestEntry")
          .required(),
      flatten(&Request::stream),
      field("DryRun", &Request::dry_run),
  };
};

// A record that was stored has a number and a shard, one that was not has an error.
struct ResultShape {
  std::optional<std::string> sequence_number;
  std::optional<std::string> shard_id;
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
  std::optional<std::string> encryption_type;

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
    check_key(request.records[i].partition_key, distribution, member_path(i, "partitionKey"),
              violations);
  }
  if (!violations.is_empty()) return std::unexpected(violations.to_error());
  std::vector<streams::NewRecord> records;
  records.reserve(request.records.size());
  for (const EntryShape& entry : request.records) {
    auto record =
        to_record(entry.partition_key, entry.explicit_hash_key, entry.data.bytes, distribution);
    if (!record) return std::unexpected(record.error());
    records.push_back(*record);
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

Result<Response> handle(const Request& request, api::Context& context) {
  const auto stream = find_writable(context, request.stream);
  if (!stream) return std::unexpected(stream.error());
  const auto facts = (*stream)->state().facts;
  const auto records = to_records(request, facts->settings.distribution);
  if (!records) return std::unexpected(records.error());
  if (auto checked = check_sizes(*records, facts->record_bytes_max()); !checked) {
    return std::unexpected(checked.error());
  }
  if (request.dry_run.value_or(false)) return dry_run();

  const auto receipt = (*stream)->put(*records);
  if (!receipt) return std::unexpected(receipt.error());
  context.wait_for(receipt->ticket);
  Response response;
  response.encryption_type = encryption_type(receipt->is_encrypted);
  response.records.reserve(receipt->placed.size());
  for (const streams::Placed& placed : receipt->placed) {
    ResultShape& result = response.records.emplace_back();
    std::string shard = streams::shard_id(placed.shard_index);
    if (placed.is_throttled) {
      ++response.failed_record_count;
      Error error = streams::shard_rate_exceeded(shard, facts->key);
      result.error_code = error.code.name;
      result.error_message = std::move(error.message);
    } else {
      result.sequence_number = to_decimal(placed.number);
      result.shard_id = std::move(shard);
    }
  }
  return response;
}

}  // namespace

const Operation& PutRecords() {
  static constexpr Operation kOperation =
      api::make_operation<&handle>("PutRecords", api::Lane::kInline, api::kRateByHandler);
  return kOperation;
}

}  // namespace millrace::kinesis
