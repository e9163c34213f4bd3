// PutRecords: appends up to 500 records, each to the shard its hash key belongs to.
//
// A request that is wrong in any record fails as a whole. Records of one request that go to the
// same shard get consecutive numbers in their order. Source: API_PutRecords, Kinesis API reference;
// tests/conformance/test_put.py.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <tuple>
#include <vector>

#include "api/context.h"
#include "api/field.h"
#include "api/kinesis/operations.h"
#include "api/kinesis/put.h"
#include "api/kinesis/shapes.h"
#include "api/operation.h"
#include "api/validate.h"
#include "base/error.h"
#include "streams/errors.h"
#include "streams/record.h"
#include "streams/sequence_number.h"
#include "streams/shard_map.h"
#include "streams/stream.h"

namespace millrace::kinesis {
namespace {

struct EntryShape {
  std::string partition_key;
  std::optional<std::string> explicit_hash_key;
  api::Blob data;

  static constexpr auto fields = std::tuple{
      field("PartitionKey", &EntryShape::partition_key).length(1, 256).required(),
      field("ExplicitHashKey", &EntryShape::explicit_hash_key).matching(kHashKeyPattern),
      field("Data", &EntryShape::data).length(0, kRecordBytesMax).required(),
  };
};

struct Request {
  std::vector<EntryShape> records;
  StreamRef stream;

  static constexpr auto fields = std::tuple{
      field("Records", &Request::records)
          .length(1, 500)
          .elements_of("PutRecordsRequestEntry")
          .required(),
      flatten(&Request::stream),
  };
};

struct ResultShape {
  std::string sequence_number;
  std::string shard_id;

  static constexpr auto fields = std::tuple{
      field("SequenceNumber", &ResultShape::sequence_number),
      field("ShardId", &ResultShape::shard_id),
  };
};

struct Response {
  std::int32_t failed_record_count = 0;
  std::vector<ResultShape> records;

  static constexpr auto fields = std::tuple{
      field("FailedRecordCount", &Response::failed_record_count),
      field("Records", &Response::records).required(),
  };
};

Result<std::vector<streams::NewRecord>> to_records(const Request& request) {
  std::vector<streams::NewRecord> records;
  records.reserve(request.records.size());
  for (const EntryShape& entry : request.records) {
    auto record = to_record(entry.partition_key, entry.explicit_hash_key, entry.data.bytes);
    if (!record) return std::unexpected(record.error());
    records.push_back(*record);
  }
  return records;
}

Result<void> check_sizes(const std::vector<streams::NewRecord>& records, std::size_t bytes_max) {
  api::Violations violations;
  std::size_t total = 0;
  for (std::size_t i = 0; i < records.size(); ++i) {
    total += records[i].data.size() + records[i].partition_key.size();
    check_size(records[i], bytes_max, "records." + std::to_string(i + 1) + ".member.data",
               violations);
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
  const auto records = to_records(request);
  if (!records) return std::unexpected(records.error());
  const std::size_t bytes_max = (*stream)->state().facts->record_kib_max * std::size_t{1024};
  if (auto checked = check_sizes(*records, bytes_max); !checked) {
    return std::unexpected(checked.error());
  }

  const auto receipt = (*stream)->put(*records);
  if (!receipt) return std::unexpected(receipt.error());
  context.wait_for(receipt->ticket);
  Response response;
  response.records.reserve(receipt->placed.size());
  for (const streams::Placed& placed : receipt->placed) {
    response.records.push_back({to_decimal(placed.number), streams::shard_id(placed.shard_index)});
  }
  return response;
}

}  // namespace

const Operation& PutRecords() {
  static constexpr Operation kOperation = api::make_operation<&handle>("PutRecords");
  return kOperation;
}

}  // namespace millrace::kinesis
