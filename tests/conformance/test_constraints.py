"""Values outside their constraints: one ValidationException that lists all of them, at most ten."""

import pytest
from support.raw import CBOR, JSON

NAME_PATTERN = "[a-zA-Z0-9_.-]+"
SEQUENCE_PATTERN = r"0|([1-9]\d{0,128})"
HASH_KEY_PATTERN = r"0|([1-9]\d{0,38})"
STREAM_ARN_PATTERN = r"arn:aws.*:kinesis:.*:\d{12}:stream/\S+"


def null(path):
    return f"Value null at '{path}' failed to satisfy constraint: Member must not be null"


def pattern(value, path, regex):
    return (f"Value '{value}' at '{path}' failed to satisfy constraint: "
            f"Member must satisfy regular expression pattern: {regex}")


def shorter(value, path, length):
    return (f"Value '{value}' at '{path}' failed to satisfy constraint: "
            f"Member must have length less than or equal to {length}")


def longer(value, path, length):
    return (f"Value '{value}' at '{path}' failed to satisfy constraint: "
            f"Member must have length greater than or equal to {length}")


def at_most(value, path, number):
    return (f"Value '{value}' at '{path}' failed to satisfy constraint: "
            f"Member must have value less than or equal to {number}")


def at_least(value, path, number):
    return (f"Value '{value}' at '{path}' failed to satisfy constraint: "
            f"Member must have value greater than or equal to {number}")


def one_of(value, path, *names):
    return (f"Value '{value}' at '{path}' failed to satisfy constraint: "
            f"Member must satisfy enum value set: [{', '.join(names)}]")


ITERATOR_TYPES = ["AFTER_SEQUENCE_NUMBER", "LATEST", "AT_TIMESTAMP", "AT_SEQUENCE_NUMBER", "TRIM_HORIZON"]
NO_NAME = null("streamName")

ROWS = [
    ("AddTagsToStream", {}, [null("tags"), NO_NAME]),
    ("AddTagsToStream", {"StreamName": "", "Tags": {}},
     [longer("{}", "tags", 1), pattern("", "streamName", NAME_PATTERN), longer("", "streamName", 1)]),
    ("AddTagsToStream", {"StreamName": "a", "Tags": {"": "a"}},
     ["Value '{=a}' at 'tags' failed to satisfy constraint: Map keys must satisfy constraint: [Member must have length "
      "less than or equal to 128, Member must have length greater than or equal to 1]"]),
    ("AddTagsToStream", {"StreamName": "a", "Tags": {"b" * 129: "a"}},
     ["Value '{" + "b" * 129 + "=a}' at 'tags' failed to satisfy constraint: Map keys must satisfy constraint: [Member "
      "must have length less than or equal to 128, Member must have length greater than or equal to 1]"]),
    ("AddTagsToStream", {"StreamName": "a", "Tags": {"a": "b" * 257}},
     ["Value '{a=" + "b" * 257 + "}' at 'tags' failed to satisfy constraint: Map value must satisfy constraint: [Member "
      "must have length less than or equal to 256, Member must have length greater than or equal to 0]"]),
    ("CreateStream", {}, [NO_NAME]),
    ("CreateStream", {"StreamName": "a" * 129, "ShardCount": 0},
     [at_least(0, "shardCount", 1), shorter("a" * 129, "streamName", 128)]),
    ("CreateStream", {"StreamName": "a", "StreamModeDetails": {}}, [null("streamModeDetails.streamMode")]),
    ("CreateStream", {"StreamName": "a", "StreamModeDetails": {"StreamMode": "x"}},
     [one_of("x", "streamModeDetails.streamMode", "PROVISIONED", "ON_DEMAND")]),
    ("CreateStream", {"StreamName": "a", "ShardCount": 1, "MaxRecordSizeInKiB": 1023},
     [at_least(1023, "maxRecordSizeInKiB", 1024)]),
    ("CreateStream", {"StreamName": "a", "ShardCount": 1, "MaxRecordSizeInKiB": 10241},
     [at_most(10241, "maxRecordSizeInKiB", 10240)]),
    ("DecreaseStreamRetentionPeriod", {}, [null("retentionPeriodHours"), NO_NAME]),
    ("IncreaseStreamRetentionPeriod", {"StreamName": "a b", "RetentionPeriodHours": 25},
     [pattern("a b", "streamName", NAME_PATTERN)]),
    ("DeleteStream", {}, [NO_NAME]),
    ("DeleteStream", {"StreamARN": "arn:aws:s3:::a"},
     [pattern("arn:aws:s3:::a", "streamARN", STREAM_ARN_PATTERN)]),
    ("DescribeStream", {"Limit": 0, "ExclusiveStartShardId": "", "StreamName": ""},
     [at_least(0, "limit", 1), pattern("", "exclusiveStartShardId", NAME_PATTERN),
      longer("", "exclusiveStartShardId", 1), pattern("", "streamName", NAME_PATTERN),
      longer("", "streamName", 1)]),
    ("DescribeStream", {"Limit": 100000, "StreamName": "a"}, [at_most(100000, "limit", 10000)]),
    ("DescribeStreamSummary", {}, [NO_NAME]),
    ("GetRecords", {}, [null("shardIterator")]),
    ("GetRecords", {"ShardIterator": "a" * 513, "Limit": 0},
     [at_least(0, "limit", 1), shorter("a" * 513, "shardIterator", 512)]),
    ("GetRecords", {"ShardIterator": "", "Limit": 100000},
     [at_most(100000, "limit", 10000), longer("", "shardIterator", 1)]),
    ("GetShardIterator", {}, [null("shardId"), null("shardIteratorType"), NO_NAME]),
    ("GetShardIterator", {"StreamName": "a;b", "ShardId": "c;d", "ShardIteratorType": "e", "StartingSequenceNumber": "01"},
     [pattern("c;d", "shardId", NAME_PATTERN), one_of("e", "shardIteratorType", *ITERATOR_TYPES),
      pattern("01", "startingSequenceNumber", SEQUENCE_PATTERN), pattern("a;b", "streamName", NAME_PATTERN)]),
    ("ListShards", {"StreamName": "a", "ShardFilter": {}}, [null("shardFilter.type")]),
    ("ListShards", {"StreamName": "a", "ShardFilter": {"Type": "x"}},
     [one_of("x", "shardFilter.type", "AFTER_SHARD_ID", "AT_TRIM_HORIZON", "FROM_TRIM_HORIZON", "AT_LATEST",
             "AT_TIMESTAMP", "FROM_TIMESTAMP")]),
    ("ListShards", {"MaxResults": 10001, "NextToken": ""},
     [at_most(10001, "maxResults", 10000), longer("", "nextToken", 1)]),
    ("ListStreams", {"Limit": 0}, [at_least(0, "limit", 1)]),
    ("ListStreams", {"Limit": 10001, "ExclusiveStartStreamName": "a b"},
     [at_most(10001, "limit", 10000), pattern("a b", "exclusiveStartStreamName", NAME_PATTERN)]),
    ("ListTagsForStream", {"Limit": 51, "ExclusiveStartTagKey": "", "StreamName": "a"},
     [at_most(51, "limit", 50), longer("", "exclusiveStartTagKey", 1)]),
    ("MergeShards", {}, [null("shardToMerge"), null("adjacentShardToMerge"), NO_NAME]),
    ("PutRecord", {}, [null("data"), NO_NAME]),
    ("PutRecord", {"StreamName": "a", "Data": "", "PartitionKey": "", "SequenceNumberForOrdering": "a",
                   "ExplicitHashKey": "-1"},
     [pattern("a", "sequenceNumberForOrdering", SEQUENCE_PATTERN), longer("", "partitionKey", 1),
      pattern("-1", "explicitHashKey", HASH_KEY_PATTERN)]),
    ("PutRecord", {"StreamName": "a", "Data": "", "PartitionKey": "\U0001f600" * 129},
     [shorter("\U0001f600" * 129, "partitionKey", 256)]),
    ("PutRecords", {}, [null("records"), NO_NAME]),
    ("PutRecords", {"StreamName": "a", "Records": []}, ["Value at 'records' failed to satisfy constraint: Member must have length greater than or equal to 1"]),
    ("PutRecords", {"StreamName": "a", "Records": [{}, {"PartitionKey": "a" * 257, "Data": ""}]},
     [null("records.1.member.data"),
      shorter("a" * 257, "records.2.member.partitionKey", 256)]),
    ("RemoveTagsFromStream", {"StreamName": "a", "TagKeys": []}, [longer("[]", "tagKeys", 1)]),
    ("RemoveTagsFromStream", {"StreamName": "a", "TagKeys": ["", "b"]},
     ["Value '[, b]' at 'tagKeys' failed to satisfy constraint: Member must satisfy constraint: [Member must have length "
      "less than or equal to 128, Member must have length greater than or equal to 1]"]),
    ("SplitShard", {}, [null("newStartingHashKey"), NO_NAME, null("shardToSplit")]),
    ("SplitShard", {"StreamName": "a", "ShardToSplit": "b", "NewStartingHashKey": "00"},
     [pattern("00", "newStartingHashKey", HASH_KEY_PATTERN)]),
    ("UpdateShardCount", {}, [null("scalingType"), NO_NAME, null("targetShardCount")]),
    ("UpdateShardCount", {"StreamName": "a", "ScalingType": "x", "TargetShardCount": 0},
     [one_of("x", "scalingType", "UNIFORM_SCALING"), at_least(0, "targetShardCount", 1)]),
]


@pytest.mark.parametrize("form", [JSON, CBOR])
@pytest.mark.parametrize("operation, members, errors", ROWS,
                         ids=[f"{row[0]}-{index}" for index, row in enumerate(ROWS)])
def test_all_violations_are_listed(wire, operation, members, errors, form):
    answer = wire.call(operation, members, form)

    count = f"{len(errors)} validation error{'s' if len(errors) > 1 else ''} detected: "
    assert answer.value == {"__type": "ValidationException", "message": count + "; ".join(errors)}
    assert answer.status == 400


def test_at_most_ten_errors_are_listed(wire):
    members = {"StreamName": "a", "Records": [{"PartitionKey": "", "Data": ""}] * 501}

    _, message = wire.call("PutRecords", members).error

    assert message == "10 validation errors detected: " + "; ".join(
        ["Value at 'records' failed to satisfy constraint: Member must have length less than or equal to 500"]
        + [longer("", f"records.{i}.member.partitionKey", 1) for i in range(1, 10)])


@pytest.mark.parametrize("operation, members", [
    ("DescribeStream", {"StreamName": "a" * 128, "Limit": 10000}),
    ("PutRecord", {"StreamName": "a", "Data": "", "PartitionKey": "\U0001f600" * 128}),
    ("PutRecord", {"StreamName": "a", "Data": "", "PartitionKey": "a",
                   "ExplicitHashKey": "340282366920938463463374607431768211455",
                   "SequenceNumberForOrdering": "9" * 129}),
    ("ListTagsForStream", {"StreamName": "a", "Limit": 50, "ExclusiveStartTagKey": "a" * 128}),
])
def test_values_at_their_bounds_pass_on_to_the_stream(wire, account, operation, members):
    error = wire.call(operation, members).error

    assert error == ("ResourceNotFoundException",
                     f"Stream {members['StreamName']} under account {account} not found.")


@pytest.mark.parametrize("size, path, record", [
    (1048577, "data", None),
    (1048577, "records.2.member.data", {"PartitionKey": "a", "Data": b""}),
])
def test_data_over_the_streams_limit(wire, stream, size, path, record):
    entry = {"PartitionKey": "a", "Data": bytes(size)}
    operation, members = (("PutRecords", {"Records": [record, entry]}) if record
                          else ("PutRecord", entry))

    answer = wire.call(operation, {"StreamName": stream, **members}, CBOR)

    assert answer.error == (
        "ValidationException",
        f"1 validation error detected: Value at '{path}' failed to satisfy constraint: Member must have length less than "
        "or equal to 1048576")


def test_both_name_and_arn_may_be_given_but_must_agree(wire, kinesis, stream):
    arn = kinesis.describe_stream_summary(StreamName=stream)["StreamDescriptionSummary"]["StreamARN"]

    assert wire.call("DescribeStreamSummary", {"StreamName": stream, "StreamARN": arn}).status == 200
    assert wire.call("DescribeStreamSummary", {"StreamARN": arn}).status == 200
    assert wire.call("DescribeStreamSummary", {"StreamName": "other", "StreamARN": arn}).error[0] == (
        "InvalidArgumentException")
