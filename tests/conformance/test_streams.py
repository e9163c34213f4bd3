"""CreateStream, DeleteStream, DescribeStream, DescribeStreamSummary, ListStreams, DescribeLimits."""

import datetime
import uuid

import pytest

from conftest import wait_active
from support.raw import JSON

HASH_KEY_MAX = 2**128 - 1


def name():
    return f"test-{uuid.uuid4().hex[:12]}"


def describe(kinesis, stream, **members):
    return kinesis.describe_stream(StreamName=stream, **members)["StreamDescription"]


def summary(kinesis, stream):
    return kinesis.describe_stream_summary(StreamName=stream)["StreamDescriptionSummary"]


def test_a_new_stream(wire, make_stream, account):
    stream = make_stream(3)
    answer = wire.call("DescribeStream", {"StreamName": stream}).value["StreamDescription"]

    created = answer.pop("StreamCreationTimestamp")
    shards = answer.pop("Shards")
    assert answer == {
        "StreamName": stream, "StreamARN": f"arn:aws:kinesis:us-east-1:{account}:stream/{stream}",
        "StreamStatus": "ACTIVE", "StreamModeDetails": {"StreamMode": "PROVISIONED"},
        "HasMoreShards": False, "RetentionPeriodHours": 24,
        "EnhancedMonitoring": [{"ShardLevelMetrics": []}], "EncryptionType": "NONE"}
    assert created == int(created)
    assert [shard["ShardId"] for shard in shards] == [f"shardId-{i:012}" for i in range(3)]
    assert [shard["HashKeyRange"] for shard in shards] == [
        {"StartingHashKey": "0", "EndingHashKey": "113427455640312821154458202477256070484"},
        {"StartingHashKey": "113427455640312821154458202477256070485",
         "EndingHashKey": "226854911280625642308916404954512140969"},
        {"StartingHashKey": "226854911280625642308916404954512140970", "EndingHashKey": str(HASH_KEY_MAX)}]
    for shard in shards:
        assert set(shard) == {"ShardId", "HashKeyRange", "SequenceNumberRange"}
        assert set(shard["SequenceNumberRange"]) == {"StartingSequenceNumber"}
    numbers = [int(shard["SequenceNumberRange"]["StartingSequenceNumber"]) for shard in shards]
    assert numbers[1] - numbers[0] == numbers[2] - numbers[1] == 2**144 + 16
    second = int(f"{numbers[0]:x}"[1:10], 16)
    assert -7 <= second - created <= -1
    assert f"{numbers[0]:x}" == f"2{second:09x}0{0:016x}00{second:09x}{0:08x}2"


def test_the_summary(wire, make_stream, account):
    stream = make_stream(3)
    answer = wire.call("DescribeStreamSummary", {"StreamName": stream}).value["StreamDescriptionSummary"]

    assert answer.pop("StreamCreationTimestamp")
    assert answer == {
        "StreamName": stream, "StreamARN": f"arn:aws:kinesis:us-east-1:{account}:stream/{stream}",
        "StreamStatus": "ACTIVE", "StreamModeDetails": {"StreamMode": "PROVISIONED"},
        "RetentionPeriodHours": 24, "EnhancedMonitoring": [{"ShardLevelMetrics": []}],
        "EncryptionType": "NONE", "OpenShardCount": 3, "ConsumerCount": 0, "ChannelCount": 0,
        "QueueCount": 0, "MaxRecordSizeInKiB": 1024}


@pytest.mark.parametrize("members", [{}, {"StreamModeDetails": {"StreamMode": "ON_DEMAND"}}])
def test_a_stream_without_a_count_is_on_demand_with_four_shards(kinesis, members):
    stream = name()
    kinesis.create_stream(StreamName=stream, **members)
    wait_active(kinesis, stream)

    assert summary(kinesis, stream)["StreamModeDetails"] == {"StreamMode": "ON_DEMAND"}
    assert summary(kinesis, stream)["OpenShardCount"] == 4
    kinesis.delete_stream(StreamName=stream)


def test_a_mode_and_a_count_that_do_not_fit(wire):
    assert wire.call("CreateStream", {
        "StreamName": name(), "ShardCount": 2, "StreamModeDetails": {"StreamMode": "ON_DEMAND"},
    }).error == ("InvalidArgumentException", "ShardCount is not expected when StreamMode=ON_DEMAND")
    assert wire.call("CreateStream", {
        "StreamName": name(), "StreamModeDetails": {"StreamMode": "PROVISIONED"},
    }).error == ("ValidationException",
                 "1 validation error detected: Value null at 'shardCount' failed to satisfy constraint: "
                 "Member must not be null")


def test_a_name_is_used_once(wire, stream, account):
    assert wire.call("CreateStream", {"StreamName": stream, "ShardCount": 1}).error == (
        "ResourceInUseException", f"Stream {stream} under account {account} already exists.")


def test_tags_may_come_with_the_stream(kinesis, make_stream):
    stream = make_stream(Tags={"b": "2", "a": ""})

    assert kinesis.list_tags_for_stream(StreamName=stream)["Tags"] == [
        {"Key": "a", "Value": ""}, {"Key": "b", "Value": "2"}]


@pytest.mark.parametrize("operation, members", [
    ("DeleteStream", {}), ("DescribeStream", {}), ("DescribeStreamSummary", {}), ("ListTagsForStream", {}),
    ("ListShards", {}), ("AddTagsToStream", {"Tags": {"a": "b"}}),
    ("RemoveTagsFromStream", {"TagKeys": ["a"]}), ("IncreaseStreamRetentionPeriod", {"RetentionPeriodHours": 1}),
    ("DecreaseStreamRetentionPeriod", {"RetentionPeriodHours": 1}),
    ("PutRecord", {"PartitionKey": "a", "Data": ""}), ("PutRecords", {"Records": [{"PartitionKey": "a", "Data": ""}]}),
    ("SplitShard", {"ShardToSplit": "shardId-0", "NewStartingHashKey": "2"}),
    ("MergeShards", {"ShardToMerge": "shardId-0", "AdjacentShardToMerge": "shardId-1"}),
    ("UpdateShardCount", {"ScalingType": "UNIFORM_SCALING", "TargetShardCount": 1}),
])
def test_an_unknown_stream(wire, account, operation, members):
    expected = ("ResourceNotFoundException", f"Stream no-such-stream under account {account} not found.")
    arn = f"arn:aws:kinesis:us-east-1:{account}:stream/no-such-stream"

    assert wire.call(operation, {"StreamName": "no-such-stream", **members}).error == expected
    assert wire.call(operation, {"StreamARN": arn, **members}).error == expected


def test_an_arn_of_another_account_is_looked_up_there(wire, stream):
    arn = f"arn:aws:kinesis:us-east-1:999999999999:stream/{stream}"

    assert wire.call("DescribeStreamSummary", {"StreamARN": arn}).error == (
        "ResourceNotFoundException", f"Stream {stream} under account 999999999999 not found.")


def test_regions_do_not_see_each_other(kinesis, second_region, stream):
    with pytest.raises(second_region.exceptions.ResourceNotFoundException):
        second_region.describe_stream_summary(StreamName=stream)

    second_region.create_stream(StreamName=stream, ShardCount=2)
    wait_active(second_region, stream)

    assert ":eu-west-1:" in summary(second_region, stream)["StreamARN"]
    assert len(describe(second_region, stream)["Shards"]) == 2
    assert len(describe(kinesis, stream)["Shards"]) == 1
    second_region.delete_stream(StreamName=stream)


def test_describe_stream_in_pages(kinesis, make_stream):
    stream = make_stream(7)
    ids = [f"shardId-{i:012}" for i in range(7)]

    first = describe(kinesis, stream, Limit=3)
    rest = describe(kinesis, stream, Limit=100, ExclusiveStartShardId=first["Shards"][-1]["ShardId"])
    pages = kinesis.get_paginator("describe_stream").paginate(
        StreamName=stream, PaginationConfig={"PageSize": 2})
    paged = [shard["ShardId"] for page in pages for shard in page["StreamDescription"]["Shards"]]

    assert [shard["ShardId"] for shard in first["Shards"]] == ids[:3]
    assert first["HasMoreShards"]
    assert [shard["ShardId"] for shard in rest["Shards"]] == ids[3:]
    assert not rest["HasMoreShards"]
    assert paged == ids


def test_describe_stream_caps_a_page_at_100(kinesis, make_stream):
    stream = make_stream(101)

    for members in [{}, {"Limit": 10000}]:
        answer = describe(kinesis, stream, **members)
        assert len(answer["Shards"]) == 100
        assert answer["HasMoreShards"]


@pytest.fixture
def sorted_names(kinesis):
    prefix = f"list-{uuid.uuid4().hex[:8]}"
    names = [f"{prefix}-{letter}" for letter in "CABDa"]
    for stream in names:
        kinesis.create_stream(StreamName=stream, ShardCount=1)
    yield prefix, sorted(names)
    for stream in names:
        kinesis.delete_stream(StreamName=stream)


def test_list_streams_in_pages(kinesis, wire, sorted_names):
    prefix, names = sorted_names

    first = kinesis.list_streams(Limit=2, ExclusiveStartStreamName=prefix)
    second = kinesis.list_streams(Limit=3, NextToken=first["NextToken"])
    pages = kinesis.get_paginator("list_streams").paginate(PaginationConfig={"PageSize": 1})
    paged = [stream for page in pages for stream in page["StreamNames"] if stream.startswith(prefix)]

    assert first["StreamNames"] == names[:2]
    assert first["HasMoreStreams"]
    assert second["StreamNames"] == names[2:]
    assert paged == names
    assert [s["StreamName"] for s in first["StreamSummaries"]] == first["StreamNames"]
    assert set(first["StreamSummaries"][0]) == {
        "StreamName", "StreamARN", "StreamStatus", "StreamModeDetails", "StreamCreationTimestamp"}
    last = wire.call("ListStreams", {"ExclusiveStartStreamName": names[-1], "Limit": 1}).value
    assert last["HasMoreStreams"] == ("NextToken" in last)


@pytest.mark.parametrize("token", ["a", "AAAAAAAAAAE=", "x" * 1000])
@pytest.mark.parametrize("operation", ["ListStreams", "ListShards"])
def test_a_token_nobody_gave(wire, operation, token):
    assert wire.call(operation, {"NextToken": token}).error == (
        "InvalidArgumentException", "Invalid NextToken.")


def test_a_deleted_stream_is_gone(kinesis, make_stream):
    stream = make_stream()

    kinesis.delete_stream(StreamName=stream)
    waiter = kinesis.get_waiter("stream_not_exists")
    waiter.config.delay = 0.01
    waiter.config.max_attempts = 2000
    waiter.wait(StreamName=stream)

    assert stream not in kinesis.list_streams(ExclusiveStartStreamName=stream[:-1])["StreamNames"]


def test_a_stream_made_again_is_another(kinesis, make_stream):
    """Records, iterators and sequence numbers of the first are nothing to the second."""
    stream = make_stream()
    first = describe(kinesis, stream)
    kinesis.put_record(StreamName=stream, PartitionKey="a", Data=b"old")
    iterator = kinesis.get_shard_iterator(
        StreamName=stream, ShardId="0", ShardIteratorType="TRIM_HORIZON")["ShardIterator"]
    kinesis.delete_stream(StreamName=stream)
    kinesis.create_stream(StreamName=stream, ShardCount=1)
    wait_active(kinesis, stream)
    second = describe(kinesis, stream)

    with pytest.raises(kinesis.exceptions.ResourceNotFoundException):
        kinesis.get_records(ShardIterator=iterator)
    fresh = kinesis.get_shard_iterator(
        StreamName=stream, ShardId="0", ShardIteratorType="TRIM_HORIZON")["ShardIterator"]
    assert kinesis.get_records(ShardIterator=fresh)["Records"] == []
    assert second["StreamCreationTimestamp"] >= first["StreamCreationTimestamp"]
    assert (second["Shards"][0]["SequenceNumberRange"]["StartingSequenceNumber"]
            >= first["Shards"][0]["SequenceNumberRange"]["StartingSequenceNumber"])


def test_describe_limits(wire, make_stream):
    before = wire.call("DescribeLimits").value
    make_stream(3)
    after = wire.call("DescribeLimits").value

    assert set(after) == {"ShardLimit", "OpenShardCount", "OnDemandStreamCount", "OnDemandStreamCountLimit",
                          "ChannelCount", "ChannelCountLimit"}
    assert after["OpenShardCount"] - before["OpenShardCount"] == 3
    assert after["ShardLimit"] >= after["OpenShardCount"]


def test_timestamps_are_whole_seconds_near_now(kinesis, stream):
    created = summary(kinesis, stream)["StreamCreationTimestamp"]

    assert created.microsecond == 0
    assert abs(datetime.datetime.now(datetime.timezone.utc) - created) < datetime.timedelta(seconds=60)


def test_describe_accepts_what_the_sdk_sends(wire, stream):
    answer = wire.call("DescribeStream", {"StreamName": stream, "StreamId": "abcdefghij0123456789-abc"}, JSON)

    assert answer.status == 200
