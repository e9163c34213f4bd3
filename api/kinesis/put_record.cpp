// PutRecord: appends one record to the shard its hash key belongs to.
//
// Source: API_PutRecord, Kinesis API reference. Order of checks: stream, hash key, ordering number,
// size (tests/conformance/test_put.py).

#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>

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
#include "streams/sequence_number.h"
#include "streams/shard_map.h"
#include "streams/stream.h"
#include "streams/stream_facts.h"

namespace millrace::kinesis {
namespace {

struct Request {
  std::optional<std::string_view> sequence_number_for_ordering;
  std::optional<std::string_view> partition_key;
  std::optional<std::string_view> explicit_hash_key;
  api::BlobView data;
  StreamRef stream;
  std::optional<bool> dry_run;

  static constexpr auto fields = std::tuple{
      field("SequenceNumberForOrdering", &Request::sequence_number_for_ordering)
          .matching(kSequenceNumberPattern),
      field("PartitionKey", &Request::partition_key).length(1, 256),
      field("ExplicitHashKey", &Request::explicit_hash_key).matching(kHashKeyPattern),
      field("Data", &Request::data).length(0, kRecordBytesMax).required(),
      flatten(&Request::stream),
      field("DryRun", &Request::dry_run),
  };
};

struct Response {
  std::string shard_id;
  streams::SequenceText sequence_number;
  std::optional<std::string_view> encryption_type;

  static constexpr auto fields = std::tuple{
      field("ShardId", &Response::shard_id).required(),
      field("SequenceNumber", &Response::sequence_number).required(),
      field("EncryptionType", &Response::encryption_type),
  };
};

// Numbers rise within a shard anyway; the service only refuses what it cannot have given yet.
Result<void> check_ordering_number(const Request& request, const streams::Stream& stream) {
  if (!request.sequence_number_for_ordering) return {};
  if (stream.state().facts->settings.distribution == streams::Distribution::kAuto) {
    return fail(streams::kInvalidArgument,
                "SequenceNumberForOrdering is not supported for streams with the AUTO record "
                "distribution strategy.");
  }
  const auto number = streams::parse_sequence_number(*request.sequence_number_for_ordering);
  if (number && number->second <= stream.newest_second()) return {};
  const auto facts = stream.state().facts;
  return fail(streams::kInvalidArgument, "ExclusiveMinimumSequenceNumber " +
                                             std::string(*request.sequence_number_for_ordering) +
                                             " used in PutRecord on stream " + facts->key.name +
                                             " under account " + facts->key.scope.account +
                                             " is invalid.");
}

Result<Response> handle(const Request& request, api::Context& context) {
  const auto stream = TRY(find_writable(context, request.stream));
  const auto facts = stream->state().facts;
  const streams::Distribution distribution = facts->settings.distribution;
  api::Violations violations;
  if (lacks_key(request.partition_key, distribution)) {
    violations.add_missing("partitionKey");
    return std::unexpected(violations.to_error());
  }
  const auto record = TRY(to_record(request.partition_key, request.explicit_hash_key,
                                    request.data.bytes, distribution));
  TRY(check_ordering_number(request, *stream));
  check_size(record, facts->record_bytes_max(), "data", violations);
  if (!violations.is_empty()) return std::unexpected(violations.to_error());
  if (request.dry_run.value_or(false)) return dry_run();

  const auto receipt = TRY(stream->put({&record, 1}, when_of(context)));
  const streams::PutPart& part = receipt.parts[0];
  std::string shard = streams::shard_id(part.shard_index);
  if (part.is_throttled) return std::unexpected(streams::shard_rate_exceeded(shard, facts->key));
  context.wait_for(receipt.ticket);
  return Response{std::move(shard), streams::SequencePrinter().print(part.first),
                  encryption_type(receipt.is_encrypted)};
}

}  // namespace

const Operation& PutRecord() {
  static constexpr Operation kOperation =
      api::make_hot_operation<&handle>("PutRecord", api::kRateByHandler);
  return kOperation;
}

}  // namespace millrace::kinesis
