// THE LIST: the operations of Kinesis Data Streams, in the order of their names.
//
// An operation is one file in this folder and one line here. What the service has beyond it answers
// as an unknown operation, and docs/compatibility.md says so.

#pragma once

#include "api/operation.h"
#include "api/service.h"

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

MILLRACE_KINESIS_OPERATIONS(MILLRACE_DECLARE_OPERATION)

[[nodiscard]] const api::Service& service();

}  // namespace millrace::kinesis
