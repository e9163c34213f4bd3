"""Times that people see are never later than the answer, however fast streams, shards and consumers follow one another."""

import datetime
import math

import pytest

from support.server import Server

SLACK_S = 1.0


@pytest.fixture(scope="module")
def server():
    with Server() as running:
        yield running


def lead_s(time):
    return (time - datetime.datetime.now(datetime.timezone.utc)).total_seconds()


def second_in(number):
    """The record's second in a sequence number (streams/sequence_number.h): nine hex digits from the 30th on."""
    return int(f"{int(number):047x}"[29:38], 16)


def creation_second_in(number):
    return int(f"{int(number):047x}"[1:10], 16)


def test_a_stream_made_again_and_again_is_dated_now(server):
    kinesis, numbers = server.client(), set()
    for _ in range(60):
        kinesis.create_stream(StreamName="again", ShardCount=1)
        put = kinesis.put_record(StreamName="again", PartitionKey="k", Data=b"x")["SequenceNumber"]
        numbers.add(put)
        seen = kinesis.describe_stream_summary(StreamName="again")["StreamDescriptionSummary"]["StreamCreationTimestamp"]
        now = datetime.datetime.now(datetime.timezone.utc).timestamp()
        assert lead_s(seen) <= SLACK_S
        assert second_in(put) <= now + SLACK_S and creation_second_in(put) <= now + SLACK_S
        kinesis.delete_stream(StreamName="again")

    assert len(numbers) == 60


def test_shards_that_follow_one_another_are_alive_now(server):
    kinesis = server.client()
    kinesis.create_stream(StreamName="resharded", ShardCount=1)
    for _ in range(20):
        shard = open_shards(kinesis)[0]
        kinesis.split_shard(StreamName="resharded", ShardToSplit=shard, NewStartingHashKey=str(2**127))
        left, right = open_shards(kinesis)
        kinesis.merge_shards(StreamName="resharded", ShardToMerge=left, AdjacentShardToMerge=right)
    soon = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=SLACK_S)
    alive = kinesis.list_shards(StreamName="resharded", ShardFilter={"Type": "AT_TIMESTAMP", "Timestamp": soon})["Shards"]
    put = kinesis.put_record(StreamName="resharded", PartitionKey="k", Data=b"x")["SequenceNumber"]

    assert [shard["ShardId"] for shard in alive] == open_shards(kinesis)
    # Numbers must rise from parent to child, and have four bits for that besides the second: 60 shards need four more.
    assert second_in(put) <= datetime.datetime.now(datetime.timezone.utc).timestamp() + SLACK_S + math.ceil(60 / 16)


def open_shards(kinesis):
    shards = kinesis.list_shards(StreamName="resharded")["Shards"]
    return [shard["ShardId"] for shard in shards if "EndingSequenceNumber" not in shard["SequenceNumberRange"]]


def test_a_consumer_registered_again_and_again_is_dated_now(server):
    kinesis = server.client()
    kinesis.create_stream(StreamName="consumed", ShardCount=1)
    arn = kinesis.describe_stream_summary(StreamName="consumed")["StreamDescriptionSummary"]["StreamARN"]
    for _ in range(30):
        consumer = kinesis.register_stream_consumer(StreamARN=arn, ConsumerName="c")["Consumer"]
        assert lead_s(consumer["ConsumerCreationTimestamp"]) <= SLACK_S
        assert int(consumer["ConsumerARN"].rpartition(":")[2]) <= datetime.datetime.now().timestamp() + SLACK_S
        kinesis.deregister_stream_consumer(ConsumerARN=consumer["ConsumerARN"])
