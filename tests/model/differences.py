"""Where the server differs from the published model on purpose.

A row is (operation, member, aspect, reason); `*` stands for any operation. A row that is no longer needed fails the
test, so this table is exactly the difference. Sources of the reasons: docs/compatibility.md.
"""

NO_ANCHORS = "the service's messages show the pattern without anchors; both match whole strings"

DIFFERENCES = [
    ("*", "ExplicitHashKey", "pattern", NO_ANCHORS),
    ("*", "Records[].ExplicitHashKey", "pattern", NO_ANCHORS),
    ("*", "SequenceNumberForOrdering", "pattern", NO_ANCHORS),
    ("*", "StartingSequenceNumber", "pattern", NO_ANCHORS),
    ("*", "StartingPosition.SequenceNumber", "pattern", NO_ANCHORS),
    ("*", "NewStartingHashKey", "pattern", NO_ANCHORS),
    ("CreateStream", "ShardCount", "bounds", "the bound of older models: no request makes more than 100,000 shards"),
    ("DescribeStreamSummary out", "StreamDescriptionSummary.StreamId", "missing",
     "reserved by the service; client libraries send it back when they see one"),
    ("SubscribeToShard out", "EventStream", "missing", "the event stream comes with the transport of its own"),
]
