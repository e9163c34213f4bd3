"""Members of a wrong type: the first of them, in the operation's order, answers SerializationException."""

import json
import struct

import cbor2
import pytest
from support.raw import CBOR, JSON

BIG_NUMBER = "class com.amazon.coral.value.json.numbers.TruncatingBigNumber"
LIST = "Start of list found where not expected"
OBJECT = "Start of structure or map found where not expected."
ANY_LIST = "Expected list or null"
ANY_MAP = "Expected map or null"
STRUCTURE = "Expected null"

# For each kind: what a boolean, a number, a string, a list and an object say; None is accepted.
STRING_ROW = ["class java.lang.Boolean can not be converted to an String",
              f"{BIG_NUMBER} can not be converted to an String", None, LIST, OBJECT]
INTEGER_ROW = ["class java.lang.Boolean can not be converted to an Integer", None,
               "class java.lang.String can not be converted to an Integer", LIST, OBJECT]
BOOLEAN_ROW = [None, f"{BIG_NUMBER} can not be converted to an Boolean",
               "'SOME' can not be converted to an Boolean", LIST, OBJECT]
BLOB_ROW = ["class java.lang.Boolean can not be converted to a Blob",
            f"{BIG_NUMBER} can not be converted to a Blob", None, LIST, OBJECT]
TIMESTAMP_ROW = ["class java.lang.Boolean can not be converted to milliseconds since epoch", None,
                 "class java.lang.String can not be converted to milliseconds since epoch", LIST, OBJECT]
LIST_ROW = [ANY_LIST, ANY_LIST, ANY_LIST, None, OBJECT]
MAP_ROW = [ANY_MAP, ANY_MAP, ANY_MAP, LIST, None]
STRUCTURE_ROW = [STRUCTURE, STRUCTURE, STRUCTURE, LIST, None]

MEMBERS = {
    "AddTagsToStream": {"Tags": MAP_ROW, "StreamName": STRING_ROW, "StreamARN": STRING_ROW,
                        "StreamId": STRING_ROW},
    "CreateStream": {"ShardCount": INTEGER_ROW, "StreamName": STRING_ROW,
                     "StreamModeDetails": STRUCTURE_ROW, "Tags": MAP_ROW,
                     "WarmThroughputMiBps": INTEGER_ROW, "MaxRecordSizeInKiB": INTEGER_ROW},
    "DecreaseStreamRetentionPeriod": {"RetentionPeriodHours": INTEGER_ROW, "StreamName": STRING_ROW},
    "DeleteStream": {"StreamName": STRING_ROW, "EnforceConsumerDeletion": BOOLEAN_ROW},
    "DescribeStream": {"Limit": INTEGER_ROW, "ExclusiveStartShardId": STRING_ROW,
                       "StreamName": STRING_ROW},
    "DescribeStreamSummary": {"StreamName": STRING_ROW, "StreamARN": STRING_ROW},
    "GetRecords": {"Limit": INTEGER_ROW, "ShardIterator": STRING_ROW, "StreamARN": STRING_ROW},
    "GetShardIterator": {"ShardId": STRING_ROW, "ShardIteratorType": STRING_ROW,
                         "StartingSequenceNumber": STRING_ROW, "StreamName": STRING_ROW,
                         "Timestamp": TIMESTAMP_ROW},
    "IncreaseStreamRetentionPeriod": {"RetentionPeriodHours": INTEGER_ROW, "StreamName": STRING_ROW},
    "ListShards": {"MaxResults": INTEGER_ROW, "ExclusiveStartShardId": STRING_ROW,
                   "StreamName": STRING_ROW, "NextToken": STRING_ROW, "ShardFilter": STRUCTURE_ROW,
                   "StreamCreationTimestamp": TIMESTAMP_ROW},
    "ListStreams": {"Limit": INTEGER_ROW, "ExclusiveStartStreamName": STRING_ROW,
                    "NextToken": STRING_ROW},
    "ListTagsForStream": {"Limit": INTEGER_ROW, "ExclusiveStartTagKey": STRING_ROW,
                          "StreamName": STRING_ROW},
    "MergeShards": {"ShardToMerge": STRING_ROW, "AdjacentShardToMerge": STRING_ROW,
                    "StreamName": STRING_ROW},
    "PutRecord": {"SequenceNumberForOrdering": STRING_ROW, "PartitionKey": STRING_ROW,
                  "ExplicitHashKey": STRING_ROW, "Data": BLOB_ROW, "StreamName": STRING_ROW},
    "PutRecords": {"Records": LIST_ROW, "StreamName": STRING_ROW},
    "RemoveTagsFromStream": {"TagKeys": LIST_ROW, "StreamName": STRING_ROW},
    "SplitShard": {"NewStartingHashKey": STRING_ROW, "StreamName": STRING_ROW,
                   "ShardToSplit": STRING_ROW},
    "UpdateShardCount": {"ScalingType": STRING_ROW, "StreamName": STRING_ROW,
                         "TargetShardCount": INTEGER_ROW},
}
GIVEN = [True, 23, "some", ["a"], {"a": "b"}]
ROWS = [pytest.param(operation, member, value, text, id=f"{operation}-{member}-{type(value).__name__}")
        for operation, members in MEMBERS.items() for member, row in members.items()
        for value, text in zip(GIVEN, row) if text]


@pytest.mark.parametrize("form", [JSON, CBOR])
@pytest.mark.parametrize("operation, member, value, text", ROWS)
def test_a_wrong_type(wire, operation, member, value, text, form):
    answer = wire.call(operation, {member: value}, form)

    assert answer.status == 400
    assert answer.value == {"__type": "SerializationException", "Message": text}


@pytest.mark.parametrize("operation, members, text", [
    ("PutRecords", {"Records": ["a"]}, STRUCTURE),
    ("PutRecords", {"Records": [[]]}, LIST),
    ("PutRecords", {"Records": [{"Data": True}]}, BLOB_ROW[0]),
    ("PutRecords", {"Records": [{}, {"PartitionKey": 5}]}, STRING_ROW[1]),
    ("PutRecords", {"Records": [{"ExplicitHashKey": {}}]}, OBJECT),
    ("AddTagsToStream", {"Tags": {"a": 1}}, STRING_ROW[1]),
    ("AddTagsToStream", {"Tags": {"a": []}}, LIST),
    ("RemoveTagsFromStream", {"TagKeys": [True]}, STRING_ROW[0]),
    ("ListShards", {"ShardFilter": {"Type": 4}}, STRING_ROW[1]),
    ("ListShards", {"ShardFilter": {"Timestamp": True}}, TIMESTAMP_ROW[0]),
    ("CreateStream", {"StreamModeDetails": {"StreamMode": False}}, STRING_ROW[0]),
])
def test_a_wrong_type_inside(wire, operation, members, text):
    assert wire.call(operation, members).value == {"__type": "SerializationException", "Message": text}


@pytest.mark.parametrize("operation, members, text", [
    ("PutRecord", {"StreamName": 1, "Data": True, "PartitionKey": []}, LIST),
    ("GetRecords", {"ShardIterator": True, "Limit": "a"}, INTEGER_ROW[2]),
    ("AddTagsToStream", {"StreamName": True, "Tags": 5}, ANY_MAP),
    ("PutRecords", {"StreamName": True, "Records": [{"Data": 1, "PartitionKey": {}}]}, OBJECT),
])
def test_the_first_wrong_member_is_the_operations_not_the_texts(wire, operation, members, text):
    assert wire.call(operation, members).value["Message"] == text


@pytest.mark.parametrize("data, problem", [
    ("23456", "Base64 encoded length is expected a multiple of 4 bytes but found: 5"),
    ("=+/=", "Invalid Base64 character: '='"),
    ("ab!=", "Invalid Base64 character: '!'"),
    ("+/+=", "Invalid last non-pad Base64 character dectected"),
    ("YR==", "Invalid last non-pad Base64 character dectected"),
])
@pytest.mark.parametrize("form", [JSON, CBOR])
def test_broken_base64(wire, data, problem, form):
    answer = wire.call("PutRecord", {"Data": data}, form)

    assert answer.value == {"__type": "SerializationException",
                            "Message": f"'{data}' can not be converted to a Blob: {problem}"}


@pytest.mark.parametrize("number, shown", [
    ("100000000000", "2147483647"), ("2147483648", "2147483647"), ("0.9", "0"), ("-0.5", "-1"),
    ("-100000000000", "-2147483648"), ("1e300", "2147483647"), ("-1", "-1"), ("0", "0"),
])
def test_integers_are_floored_and_clamped(wire, number, shown):
    body = b'{"Limit":%s,"ShardIterator":""}' % number.encode()

    type_, message = wire.call("GetRecords", body=body).error

    assert type_ == "ValidationException"
    assert f"'{shown}' at 'limit'" in message


@pytest.mark.parametrize("bytes_, shown", [
    (b"\x00", "0"), (b"\x20", "-1"), (b"\xfb" + b"\xbf\xe0" + bytes(6), "-1"),
    (b"\x1b" + b"\xff" * 8, "2147483647"), (b"\x3b" + b"\xff" * 8, "-2147483648"),
])
def test_cbor_integers(wire, bytes_, shown):
    body = b"\xa2\x65Limit" + bytes_ + b"\x6dShardIterator\x60"

    type_, message = wire.call("GetRecords", form=CBOR, body=body).error

    assert type_ == "ValidationException"
    assert f"'{shown}' at 'limit'" in message


def test_cbor_of_other_writers_is_read(wire, stream):
    """Indefinite maps and strings, undefined, text blobs: what the writers of SDKs produce."""
    name = stream.encode()
    body = (b"\xbf\x6aStreamName\x7f" + bytes([0x60 + len(name)]) + name if len(name) < 24 else
            b"\xbf\x6aStreamName\x7f\x78" + bytes([len(name)]) + name)
    body += b"\xff\x6cPartitionKey\x61k\x64Data\x64aGk=\x6fExplicitHashKey\xf7\xff"

    answer = wire.call("PutRecord", form=CBOR, body=body)

    assert answer.status == 200
    assert set(answer.value) == {"ShardId", "SequenceNumber"}


def test_a_null_counts_as_absent_in_both_forms(wire, stream):
    for form, empty in [(JSON, json.loads("null")), (CBOR, None), (CBOR, cbor2.undefined)]:
        answer = wire.call("PutRecord", {"StreamName": stream, "PartitionKey": empty, "Data": b"" if form == CBOR else ""}, form)
        assert answer.error == (
            "ValidationException",
            "1 validation error detected: Value null at 'partitionKey' failed to satisfy constraint: "
            "Member must not be null")


@pytest.mark.parametrize("number", [float("nan"), float("inf"), float("-inf")])
@pytest.mark.parametrize("precision", [b"\xf9", b"\xfa", b"\xfb"])
@pytest.mark.parametrize("operation, member, kind", [
    ("GetShardIterator", "Timestamp", "milliseconds since epoch"), ("ListShards", "StreamCreationTimestamp", "milliseconds since epoch"),
    ("ListStreams", "Limit", "an Integer")])
def test_a_number_that_is_none_is_of_no_type(wire, number, precision, operation, member, kind):
    """Only CBOR can say them, in three lengths."""
    code = {b"\xf9": ">e", b"\xfa": ">f", b"\xfb": ">d"}[precision]
    body = b"\xa1" + cbor2.dumps(member) + precision + struct.pack(code, number)

    answer = wire.call(operation, body=body, form=CBOR)

    assert (answer.status, answer.error) == (400, ("SerializationException", f"{BIG_NUMBER} can not be converted to {kind}"))


@pytest.mark.parametrize("number", [1e300, -1e300, 1.7e308, 1e-300])
@pytest.mark.parametrize("form", [JSON, CBOR])
def test_a_time_may_be_as_far_away_as_it_likes(wire, number, form):
    body = json.dumps({"Timestamp": number}).encode() if form == JSON else b"\xa1" + cbor2.dumps("Timestamp") + cbor2.dumps(number)

    assert wire.call("GetShardIterator", body=body, form=form).error[0] != "SerializationException"
