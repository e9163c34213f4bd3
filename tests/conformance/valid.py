"""One valid request of each operation, and what a stream has to be like for it. `{S}` and the like stand for what a
setup made: see setups.py.
"""

STREAM = {"StreamName": "{S}"}
ARN = {"StreamARN": "{ARN}"}
KEY = "12345678-1234-1234-1234-123456789012"
POLICY = ('{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"123456789012"},'
          '"Action":"kinesis:PutRecord","Resource":"*"}]}')

VALID = {
    "AddTagsToStream": {**STREAM, "Tags": {"a": "b"}},
    "CreateStream": {"StreamName": "{NEW}", "ShardCount": 1},
    "DecreaseStreamRetentionPeriod": {**STREAM, "RetentionPeriodHours": 24},
    "DeleteResourcePolicy": {"ResourceARN": "{ARN}"},
    "DeleteStream": STREAM,
    "DeregisterStreamConsumer": {"ConsumerARN": "{CARN}"},
    "DescribeAccountSettings": {},
    "DescribeLimits": {},
    "DescribeStream": STREAM,
    "DescribeStreamConsumer": {"ConsumerARN": "{CARN}"},
    "DescribeStreamSummary": STREAM,
    "DisableEnhancedMonitoring": {**STREAM, "ShardLevelMetrics": ["IncomingBytes"]},
    "EnableEnhancedMonitoring": {**STREAM, "ShardLevelMetrics": ["IncomingBytes"]},
    "GetRecords": {"ShardIterator": "{ITERATOR}"},
    "GetResourcePolicy": {"ResourceARN": "{ARN}"},
    "GetShardIterator": {**STREAM, "ShardId": "shardId-000000000000", "ShardIteratorType": "LATEST"},
    "IncreaseStreamRetentionPeriod": {**STREAM, "RetentionPeriodHours": 48},
    "ListShards": STREAM,
    "ListStreamConsumers": ARN,
    "ListStreams": {},
    "ListTagsForResource": {"ResourceARN": "{ARN}"},
    "ListTagsForStream": STREAM,
    "MergeShards": {**STREAM, "ShardToMerge": "shardId-000000000000", "AdjacentShardToMerge": "shardId-000000000001"},
    "PutRecord": {**STREAM, "PartitionKey": "a", "Data": b"data"},
    "PutRecords": {**STREAM, "Records": [{"PartitionKey": "a", "Data": b"data"}]},
    "PutResourcePolicy": {"ResourceARN": "{ARN}", "Policy": POLICY},
    "RegisterStreamConsumer": {**ARN, "ConsumerName": "{NEW}"},
    "RemoveTagsFromStream": {**STREAM, "TagKeys": ["a"]},
    "SplitShard": {**STREAM, "ShardToSplit": "shardId-000000000000", "NewStartingHashKey": "100"},
    "StartStreamEncryption": {**STREAM, "EncryptionType": "KMS", "KeyId": KEY},
    "StopStreamEncryption": {**STREAM, "EncryptionType": "KMS", "KeyId": KEY},
    "SubscribeToShard": {"ConsumerARN": "{CARN}", "ShardId": "shardId-000000000000",
                         "StartingPosition": {"Type": "LATEST"}},
    "TagResource": {"ResourceARN": "{ARN}", "Tags": {"a": "b"}},
    "UntagResource": {"ResourceARN": "{ARN}", "TagKeys": ["a"]},
    "UpdateAccountSettings": {"MinimumThroughputBillingCommitment": {"Status": "DISABLED"}},
    "UpdateMaxRecordSize": {**ARN, "MaxRecordSizeInKiB": 1024},
    "UpdateShardCount": {**STREAM, "ScalingType": "UNIFORM_SCALING", "TargetShardCount": 2},
    "UpdateStreamMode": {**ARN, "StreamModeDetails": {"StreamMode": "PROVISIONED"}},
    "UpdateStreamRecordDistributionStrategy": {**ARN, "RecordDistributionStrategy": "USER_PARTITION_KEY"},
    "UpdateStreamWarmThroughput": {**STREAM, "WarmThroughputMiBps": 8},
}

# Which of them name their stream by StreamName, and which by an ARN alone.
BY_NAME = sorted(name for name, members in VALID.items() if members.get("StreamName") == "{S}")
BY_ARN = sorted(name for name, members in VALID.items() if members.get("StreamARN") == "{ARN}")
BY_RESOURCE = sorted(name for name, members in VALID.items() if "ResourceARN" in members)
