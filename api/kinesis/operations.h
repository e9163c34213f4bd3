// THE LIST: the operations of Kinesis Data Streams, in the order of their names.
//
// An operation is one file in this folder and one line here. What the service has beyond it answers
// as an unknown operation, and docs/compatibility.md says so.

#pragma once

#include <span>
#include <string_view>

#include "api/operation.h"

#define MILLRACE_KINESIS_OPERATIONS(OPERATION)      \
  OPERATION(AddTagsToStream)                        \
  OPERATION(CreateStream)                           \
  OPERATION(DecreaseStreamRetentionPeriod)          \
  OPERATION(DeleteResourcePolicy)                   \
  OPERATION(DeleteStream)                           \
  OPERATION(DeregisterStreamConsumer)               \
  OPERATION(DescribeAccountSettings)                \
  OPERATION(DescribeLimits)                         \
  OPERATION(DescribeStream)                         \
  OPERATION(DescribeStreamConsumer)                 \
  OPERATION(DescribeStreamSummary)                  \
  OPERATION(DisableEnhancedMonitoring)              \
  OPERATION(EnableEnhancedMonitoring)               \
  OPERATION(GetRecords)                             \
  OPERATION(GetResourcePolicy)                      \
  OPERATION(GetShardIterator)                       \
  OPERATION(IncreaseStreamRetentionPeriod)          \
  OPERATION(ListShards)                             \
  OPERATION(ListStreamConsumers)                    \
  OPERATION(ListStreams)                            \
  OPERATION(ListTagsForResource)                    \
  OPERATION(ListTagsForStream)                      \
  OPERATION(MergeShards)                            \
  OPERATION(PutRecord)                              \
  OPERATION(PutRecords)                             \
  OPERATION(PutResourcePolicy)                      \
  OPERATION(RegisterStreamConsumer)                 \
  OPERATION(RemoveTagsFromStream)                   \
  OPERATION(SplitShard)                             \
  OPERATION(StartStreamEncryption)                  \
  OPERATION(StopStreamEncryption)                   \
  OPERATION(SubscribeToShard)                       \
  OPERATION(TagResource)                            \
  OPERATION(UntagResource)                          \
  OPERATION(UpdateAccountSettings)                  \
  OPERATION(UpdateMaxRecordSize)                    \
  OPERATION(UpdateShardCount)                       \
  OPERATION(UpdateStreamMode)                       \
  OPERATION(UpdateStreamRecordDistributionStrategy) \
  OPERATION(UpdateStreamWarmThroughput)

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
