"""Where the server differs from the published model on purpose.

A row is (operation, member, aspect, reason); `*` stands for any operation. A row that is no longer needed fails the
test, so this table is exactly the difference. Sources of the reasons: docs/compatibility.md.
"""

DRY_RUN = "comes with the rest of the operations; unknown members are ignored, as the service ignores them"
NO_ARN_ANCHORS = "the service's messages show the pattern without anchors; both match whole strings"
LATER = "comes with the feature it belongs to"

DIFFERENCES = [
    ("*", "DryRun", "missing", DRY_RUN),
    ("*", "ExplicitHashKey", "pattern", NO_ARN_ANCHORS),
    ("*", "Records[].ExplicitHashKey", "pattern", NO_ARN_ANCHORS),
    ("*", "SequenceNumberForOrdering", "pattern", NO_ARN_ANCHORS),
    ("*", "StartingSequenceNumber", "pattern", NO_ARN_ANCHORS),
    ("*", "NewStartingHashKey", "pattern", NO_ARN_ANCHORS),
    ("PutRecord", "PartitionKey", "required",
     "only AUTO streams take records without a key; on all others the service still refuses them"),
    ("PutRecords", "Records[].PartitionKey", "required",
     "only AUTO streams take records without a key; on all others the service still refuses them"),
    ("CreateStream", "RecordDistributionStrategy", "missing", LATER),
    ("CreateStream", "ShardCount", "bounds", "the bound of older models: no request makes more than 100,000 shards"),
    ("GetRecords out", "Records[].EncryptionType", "missing", LATER),
    ("PutRecord out", "EncryptionType", "missing", LATER),
    ("PutRecords out", "EncryptionType", "missing", LATER),
    ("PutRecords out", "Records[].ErrorCode", "missing", LATER),
    ("PutRecords out", "Records[].ErrorMessage", "missing", LATER),
    ("DescribeStream out", "StreamDescription.KeyId", "missing", LATER),
    ("DescribeStreamSummary out", "StreamDescriptionSummary.KeyId", "missing", LATER),
    ("DescribeStreamSummary out", "StreamDescriptionSummary.WarmThroughput", "missing", LATER),
    ("DescribeStreamSummary out", "StreamDescriptionSummary.StreamId", "missing",
     "reserved by the service; client libraries send it back when they see one"),
]
