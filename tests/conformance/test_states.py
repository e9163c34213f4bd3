"""What a stream answers while it is CREATING, UPDATING or DELETING."""

import os
import uuid

import pytest
from conftest import wait_active
from support.raw import Wire
from valid import VALID

from support.server import client


@pytest.fixture
def slow(slow_endpoint):
    return client(slow_endpoint)


@pytest.fixture
def slow_wire(slow_endpoint):
    return Wire(slow_endpoint, os.environ.get("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE"),
                os.environ.get("AWS_SECRET_ACCESS_KEY", "secret"))


@pytest.fixture
def creating(slow):
    name = f"test-{uuid.uuid4().hex[:12]}"
    slow.create_stream(StreamName=name, ShardCount=2)
    yield name
    wait_active(slow, name)
    slow.delete_stream(StreamName=name)


@pytest.fixture
def active(slow):
    name = f"test-{uuid.uuid4().hex[:12]}"
    slow.create_stream(StreamName=name, ShardCount=2)
    wait_active(slow, name)
    return name


def account_of(slow, name):
    return slow.describe_stream_summary(StreamName=name)["StreamDescriptionSummary"]["StreamARN"].split(":")[4]


def status_of(slow, name):
    return slow.describe_stream_summary(StreamName=name)["StreamDescriptionSummary"]["StreamStatus"]


PUTS = [("PutRecord", {"PartitionKey": "a", "Data": ""}), ("PutRecords", {"Records": [{"PartitionKey": "a", "Data": ""}]})]
RESHARDS = [("SplitShard", {"ShardToSplit": "0", "NewStartingHashKey": "5"}),
            ("MergeShards", {"ShardToMerge": "0", "AdjacentShardToMerge": "1"}),
            ("UpdateShardCount", {"ScalingType": "UNIFORM_SCALING", "TargetShardCount": 1})]



def settings(stream, arn):
    """What needs an ACTIVE stream besides resharding: (operation, members)."""
    named, by_arn = {"StreamName": stream}, {"StreamARN": arn}
    key = {"EncryptionType": "KMS", "KeyId": "alias/a"}
    return [
        ("StartStreamEncryption", {**named, **key}), ("StopStreamEncryption", {**named, **key}),
        ("UpdateStreamMode", {**by_arn, "StreamModeDetails": {"StreamMode": "ON_DEMAND"}}),
        ("UpdateMaxRecordSize", {**by_arn, "MaxRecordSizeInKiB": 2048}),
        ("UpdateStreamRecordDistributionStrategy", {**by_arn, "RecordDistributionStrategy": "AUTO"}),
        ("EnableEnhancedMonitoring", {**named, "ShardLevelMetrics": ["ALL"]}),
        ("DisableEnhancedMonitoring", {**named, "ShardLevelMetrics": ["ALL"]}),
        ("IncreaseStreamRetentionPeriod", {**named, "RetentionPeriodHours": 48}),
        ("DecreaseStreamRetentionPeriod", {**named, "RetentionPeriodHours": 24}),
        ("AddTagsToStream", {**named, "Tags": {"a": "b"}}), ("RemoveTagsFromStream", {**named, "TagKeys": ["a"]}),
        ("TagResource", {"ResourceARN": arn, "Tags": {"a": "b"}}), ("UntagResource", {"ResourceARN": arn, "TagKeys": ["a"]}),
    ]


def arn_of(slow, name):
    return slow.describe_stream_summary(StreamName=name)["StreamDescriptionSummary"]["StreamARN"]


def assert_refused(slow, slow_wire, name, state, more=()):
    """In that state each of the settings, and `more`, is answered that the stream is not ACTIVE."""
    arn = arn_of(slow, name)
    account = arn.split(":")[4]
    for operation, members in [*settings(name, arn), *more]:
        answer = slow_wire.call(operation, members)
        assert (operation, *answer.error) == (
            operation, "ResourceInUseException", f"Stream {name} under account {account} not ACTIVE, instead in state {state}")


def test_settings_want_an_active_stream(slow, slow_wire):
    name = f"test-{uuid.uuid4().hex[:12]}"
    slow.create_stream(StreamName=name, ShardCount=2)
    arn = arn_of(slow, name)
    register = ("RegisterStreamConsumer", {"StreamARN": arn, "ConsumerName": "c"})
    policy = ("PutResourcePolicy", {"ResourceARN": arn, "Policy": VALID["PutResourcePolicy"]["Policy"]})
    assert_refused(slow, slow_wire, name, "CREATING", [register, policy])
    wait_active(slow, name)
    slow.split_shard(StreamName=name, ShardToSplit="0", NewStartingHashKey="5")
    assert_refused(slow, slow_wire, name, "UPDATING")
    for operation, members in (register, policy):
        assert slow_wire.call(operation, members).status == 200  # These do not change the stream itself.
    wait_active(slow, name)
    slow.update_max_record_size(StreamARN=arn, MaxRecordSizeInKiB=2048)
    assert_refused(slow, slow_wire, name, "UPDATING")
    assert slow.describe_stream_summary(StreamName=name)["StreamDescriptionSummary"]["MaxRecordSizeInKiB"] == 1024
    wait_active(slow, name)
    assert slow.describe_stream_summary(StreamName=name)["StreamDescriptionSummary"]["MaxRecordSizeInKiB"] == 2048
    slow.delete_stream(StreamName=name, EnforceConsumerDeletion=True)
    assert_refused(slow, slow_wire, name, "DELETING", [
        ("RegisterStreamConsumer", {"StreamARN": arn, "ConsumerName": "d"}), policy])


def test_a_sixth_stream_in_creating_is_one_too_many(slow_endpoint):
    wire = Wire(slow_endpoint, "654321654321", "secret")
    names = [f"test-{uuid.uuid4().hex[:12]}" for _ in range(6)]
    answers = [wire.call("CreateStream", {"StreamName": name, "ShardCount": 1}) for name in names]

    assert [answer.status for answer in answers] == [200] * 5 + [400]
    assert answers[5].error == (
        "LimitExceededException",
        "This request would have exceed the limit on the number  of streams that can simultaneously be in CREATING or "
        "DELETING for the account 654321654321. Limit: 5.")
    for name in names[:5]:
        wire.call("DeleteStream", {"StreamName": name})


def test_creating(slow, slow_wire, creating):
    account = account_of(slow, creating)
    description = slow.describe_stream(StreamName=creating)["StreamDescription"]
    summary = slow.describe_stream_summary(StreamName=creating)["StreamDescriptionSummary"]
    assert (description["StreamStatus"], description["Shards"], summary["OpenShardCount"]) == ("CREATING", [], 0)
    assert creating in slow.list_streams(ExclusiveStartStreamName=creating[:-1])["StreamNames"]

    for operation, members in PUTS:
        assert slow_wire.call(operation, {"StreamName": creating, **members}).error == (
            "ResourceNotFoundException", f"Stream {creating} under account {account} not found.")
    for operation, members in RESHARDS:
        assert slow_wire.call(operation, {"StreamName": creating, **members}).error == (
            "ResourceInUseException",
            f"Stream {creating} under account {account} not ACTIVE, instead in state CREATING")
    assert slow_wire.call("ListShards", {"StreamName": creating}).error == (
        "ResourceInUseException", f"Stream {creating} under account {account} not ACTIVE, instead in state CREATING")
    assert slow_wire.call("GetShardIterator", {
        "StreamName": creating, "ShardId": "0", "ShardIteratorType": "LATEST"}).error == (
        "ResourceNotFoundException",
        f"Shard shardId-000000000000 in stream {creating} under account {account} does not exist")
    assert slow_wire.call("CreateStream", {"StreamName": creating, "ShardCount": 1}).error[0] == "ResourceInUseException"


def test_updating(slow, slow_wire, active):
    account = account_of(slow, active)
    slow.split_shard(StreamName=active, ShardToSplit="0", NewStartingHashKey="5")

    assert status_of(slow, active) == "UPDATING"
    assert len(slow.list_shards(StreamName=active)["Shards"]) == 2
    assert slow.put_record(StreamName=active, PartitionKey="a", ExplicitHashKey="0", Data=b"x")["ShardId"].endswith("0")
    iterator = slow.get_shard_iterator(StreamName=active, ShardId="0", ShardIteratorType="TRIM_HORIZON")
    answer = slow.get_records(ShardIterator=iterator["ShardIterator"])
    assert len(answer["Records"]) == 1 and "NextShardIterator" in answer
    for operation, members in RESHARDS:
        assert slow_wire.call(operation, {"StreamName": active, **members}).error == (
            "ResourceInUseException", f"Stream {active} under account {account} not ACTIVE, instead in state UPDATING")

    wait_active(slow, active)

    assert len(slow.list_shards(StreamName=active)["Shards"]) == 4
    answer = slow.get_records(ShardIterator=answer["NextShardIterator"])
    assert answer["Records"] == [] and "NextShardIterator" not in answer
    assert slow.put_record(StreamName=active, PartitionKey="a", ExplicitHashKey="0", Data=b"x")["ShardId"].endswith("2")
    slow.delete_stream(StreamName=active)


def test_deleting(slow, slow_wire, active):
    account = account_of(slow, active)
    slow.delete_stream(StreamName=active)

    assert status_of(slow, active) == "DELETING"
    assert slow.describe_stream(StreamName=active)["StreamDescription"]["Shards"] == []
    for members in ({}, {"EnforceConsumerDeletion": True}):
        assert slow_wire.call("DeleteStream", {"StreamName": active, **members}).status == 200  # Changes nothing.
    assert status_of(slow, active) == "DELETING"
    for operation, members in PUTS:
        assert slow_wire.call(operation, {"StreamName": active, **members}).error == (
            "ResourceNotFoundException", f"Stream {active} under account {account} not found.")
    for operation, members in [*RESHARDS, ("AddTagsToStream", {"Tags": {"a": "b"}}),
                               ("IncreaseStreamRetentionPeriod", {"RetentionPeriodHours": 48})]:
        assert slow_wire.call(operation, {"StreamName": active, **members}).error == (
            "ResourceInUseException", f"Stream {active} under account {account} not ACTIVE, instead in state DELETING")
    assert slow_wire.call("CreateStream", {"StreamName": active, "ShardCount": 1}).error == (
        "ResourceInUseException", f"Stream {active} under account {account} already exists.")

    waiter = slow.get_waiter("stream_not_exists")
    waiter.config.delay, waiter.config.max_attempts = 0.05, 2000
    waiter.wait(StreamName=active)
