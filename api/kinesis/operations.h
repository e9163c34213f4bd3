// THE LIST: the operations of Kinesis Data Streams, in the order of their names.
//
// An operation is one file in this folder and one line here. What the service has beyond it answers
// as an unknown operation, and docs/compatibility.md says so.

#pragma once

#include <span>

#include "api/operation.h"

#define MILLRACE_KINESIS_OPERATIONS(OPERATION) \
  OPERATION(AddTagsToStream)                   \
  OPERATION(CreateStream)                      \
  OPERATION(DecreaseStreamRetentionPeriod)     \
  OPERATION(DeleteStream)                      \
  OPERATION(DescribeLimits)                    \
  OPERATION(DescribeStream)                    \
  OPERATION(DescribeStreamSummary)             \
  OPERATION(GetRecords)                        \
  OPERATION(GetShardIterator)                  \
  OPERATION(IncreaseStreamRetentionPeriod)     \
  OPERATION(ListShards)                        \
  OPERATION(ListStreams)                       \
  OPERATION(ListTagsForStream)                 \
  OPERATION(MergeShards)                       \
  OPERATION(PutRecord)                         \
  OPERATION(PutRecords)                        \
  OPERATION(RemoveTagsFromStream)              \
  OPERATION(SplitShard)                        \
  OPERATION(UpdateShardCount)

namespace millrace::kinesis {

using api::Operation;

#define MILLRACE_DECLARE(name) const Operation& name();
MILLRACE_KINESIS_OPERATIONS(MILLRACE_DECLARE)
#undef MILLRACE_DECLARE

// All of the list.
[[nodiscard]] std::span<const Operation* const> operations();

// By its exact name; nullptr if it is not in the list.
[[nodiscard]] const Operation* find_operation(std::string_view name);

}  // namespace millrace::kinesis
