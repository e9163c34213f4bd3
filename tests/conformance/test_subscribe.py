"""SubscribeToShard: the events, their frames, and who may have them."""

import base64
import os
import threading
import time

import pytest
from conftest import wait_active

from support.frames import Frames
from support.raw import CBOR, JSON, Millis


@pytest.fixture
def places(kinesis, stream):
    arn = kinesis.describe_stream_summary(StreamName=stream)["StreamDescriptionSummary"]["StreamARN"]
    consumer = kinesis.register_stream_consumer(StreamARN=arn, ConsumerName="reader")["Consumer"]["ConsumerARN"]
    return stream, arn, consumer


@pytest.fixture
def subscribe(endpoint):
    """Opens subscriptions and closes them after the test."""
    opened = []

    def to(consumer, shard="shardId-000000000000", form=JSON, **position):
        frames = Frames(endpoint, {"ConsumerARN": consumer, "ShardId": shard, "StartingPosition": position}, form)
        opened.append(frames)
        return frames

    yield to
    for frames in opened:
        frames.close()


def put(kinesis, stream, *data, key="k"):
    return [kinesis.put_record(StreamName=stream, PartitionKey=key, Data=one)["SequenceNumber"] for one in data]


def test_boto3_reads_what_is_there_and_what_comes(kinesis, places):
    stream, _, consumer = places
    numbers = put(kinesis, stream, b"one", b"two")
    events = kinesis.subscribe_to_shard(ConsumerARN=consumer, ShardId="shardId-000000000000",
                                        StartingPosition={"Type": "TRIM_HORIZON"})["EventStream"]
    later = threading.Thread(target=lambda: numbers.extend(put(kinesis, stream, b"three")))
    records = []
    for event in events:
        payload = event["SubscribeToShardEvent"]
        records += payload["Records"]
        assert payload["MillisBehindLatest"] == 0 and "ContinuationSequenceNumber" in payload
        if len(records) == 2:
            assert payload["ContinuationSequenceNumber"] == numbers[1]
            later.start()
        if len(records) == 3:
            break
    events.close()
    later.join()

    assert [record["Data"] for record in records] == [b"one", b"two", b"three"]
    assert [record["SequenceNumber"] for record in records] == numbers
    assert all(record["PartitionKey"] == "k" and "EncryptionType" not in record for record in records)


@pytest.mark.parametrize("form", [JSON, CBOR], ids=["json", "cbor"])
def test_the_frames_are_the_services(kinesis, places, subscribe, form):
    stream, _, consumer = places
    frames = subscribe(consumer, form=form, Type="TRIM_HORIZON")

    assert frames.response.status == 200
    assert frames.response.getheader("Content-Type") == "application/vnd.amazon.eventstream"
    assert frames.response.getheader("Transfer-Encoding") == "chunked" and frames.response.getheader("Content-Length") is None
    assert frames.response.getheader("x-amzn-RequestId") and frames.response.getheader("x-amz-id-2")
    assert frames.next() == ([(":event-type", "initial-response"), (":content-type", form), (":message-type", "event")], {})
    number, = put(kinesis, stream, b"data")
    headers, payload = frames.next()
    assert headers == [(":event-type", "SubscribeToShardEvent"), (":content-type", form), (":message-type", "event")]
    assert list(payload) == ["ContinuationSequenceNumber", "MillisBehindLatest", "Records"]
    arrival = payload["Records"][0].pop("ApproximateArrivalTimestamp")
    assert isinstance(arrival, Millis if form == CBOR else float) or form == JSON and isinstance(arrival, int)
    data = b"data" if form == CBOR else base64.b64encode(b"data").decode()
    assert payload == {"ContinuationSequenceNumber": number, "MillisBehindLatest": 0, "Records": [
        {"SequenceNumber": number, "Data": data, "PartitionKey": "k"}]}


def test_every_starting_position(kinesis, places, endpoint):
    stream, arn, _ = places
    numbers = put(kinesis, stream, b"0", b"1")
    time.sleep(0.01)  # So that a moment lies between two records.
    numbers += put(kinesis, stream, b"2")
    shard = kinesis.list_shards(StreamName=stream)["Shards"][0]
    start = shard["SequenceNumberRange"]["StartingSequenceNumber"]
    iterator = kinesis.get_shard_iterator(StreamName=stream, ShardId="0", ShardIteratorType="TRIM_HORIZON")["ShardIterator"]
    arrivals = [r["ApproximateArrivalTimestamp"].timestamp() for r in kinesis.get_records(ShardIterator=iterator)["Records"]]
    rows = [({"Type": "TRIM_HORIZON"}, 0), ({"Type": "AT_SEQUENCE_NUMBER", "SequenceNumber": numbers[1]}, 1),
            ({"Type": "AFTER_SEQUENCE_NUMBER", "SequenceNumber": numbers[1]}, 2),
            ({"Type": "AT_SEQUENCE_NUMBER", "SequenceNumber": start}, 0),
            ({"Type": "AFTER_SEQUENCE_NUMBER", "SequenceNumber": start}, 0),
            ({"Type": "AT_TIMESTAMP", "Timestamp": arrivals[2]}, 2), ({"Type": "AT_TIMESTAMP", "Timestamp": 1.0}, 0),
            ({"Type": "LATEST"}, 3)]
    for index, (position, first) in enumerate(rows):
        consumer = kinesis.register_stream_consumer(StreamARN=arn, ConsumerName=f"c{index}")["Consumer"]["ConsumerARN"]
        frames = Frames(endpoint, {"ConsumerARN": consumer, "ShardId": "0", "StartingPosition": position})
        assert frames.next()[0][0] == (":event-type", "initial-response")
        if first == 3:
            put(kinesis, stream, b"3")
        seen = [base64.b64decode(record["Data"]) for record in frames.event()["Records"]]
        frames.close()
        assert seen[0] == str(first).encode(), position


def test_a_sign_of_life_every_five_seconds_carries_a_number_to_go_on_with(kinesis, places, subscribe):
    stream, _, consumer = places
    first, = put(kinesis, stream, b"before")
    frames = subscribe(consumer, Type="LATEST")
    frames.next()
    begun = time.monotonic()
    _, idle = frames.next()

    assert 4 < time.monotonic() - begun < 9
    assert idle["Records"] == [] and idle["MillisBehindLatest"] == 0
    number = idle["ContinuationSequenceNumber"]
    assert int(number) > int(first)
    after, = put(kinesis, stream, b"after")
    assert int(number) < int(after)
    for kind in ("AT_SEQUENCE_NUMBER", "AFTER_SEQUENCE_NUMBER"):
        iterator = kinesis.get_shard_iterator(StreamName=stream, ShardId="0", ShardIteratorType=kind,
                                              StartingSequenceNumber=number)["ShardIterator"]
        assert [r["Data"] for r in kinesis.get_records(ShardIterator=iterator)["Records"]] == [b"after"]


def test_at_a_shards_end_come_its_children_and_no_number(kinesis, places, subscribe):
    stream, _, consumer = places
    put(kinesis, stream, b"last")
    frames = subscribe(consumer, Type="TRIM_HORIZON")
    frames.event()
    begun = time.monotonic()
    kinesis.split_shard(StreamName=stream, ShardToSplit="0", NewStartingHashKey=str(2**127))
    wait_active(kinesis, stream)
    last = frames.event()

    assert time.monotonic() - begun < 4, "the end was not pushed"
    assert last["Records"] == [] and "ContinuationSequenceNumber" not in last
    assert last["ChildShards"] == [
        {"ShardId": "shardId-000000000001", "ParentShards": ["shardId-000000000000"],
         "HashKeyRange": {"StartingHashKey": "0", "EndingHashKey": str(2**127 - 1)}},
        {"ShardId": "shardId-000000000002", "ParentShards": ["shardId-000000000000"],
         "HashKeyRange": {"StartingHashKey": str(2**127), "EndingHashKey": str(2**128 - 1)}}]
    assert frames.next() is None


def test_a_closed_shard_is_read_to_its_end_in_one_go(kinesis, places, subscribe):
    stream, _, consumer = places
    put(kinesis, stream, *[str(i).encode() for i in range(20)])
    kinesis.split_shard(StreamName=stream, ShardToSplit="0", NewStartingHashKey="100")
    wait_active(kinesis, stream)
    frames = subscribe(consumer, Type="TRIM_HORIZON")
    last = frames.event()

    assert len(last["Records"]) == 20 and len(last["ChildShards"]) == 2 and "ContinuationSequenceNumber" not in last
    assert frames.next() is None


def test_records_of_many_mebibytes_come_in_events_of_two(kinesis, places, subscribe):
    stream, _, consumer = places
    data = os.urandom(900_000)
    for _ in range(5):
        put(kinesis, stream, data)
    frames = subscribe(consumer, Type="TRIM_HORIZON")
    sizes, behind = [], []
    while sum(sizes) < 5:
        event = frames.event()
        sizes.append(len(event["Records"]))
        behind.append(event["MillisBehindLatest"])

    assert sizes == [2, 2, 1] and behind[-1] == 0 and all(behind[:-1])


def test_a_second_subscription_is_refused_at_first(kinesis, wire, places, subscribe, account):
    stream, _, consumer = places
    subscribe(consumer, Type="LATEST").next()

    answer = wire.call("SubscribeToShard", {"ConsumerARN": consumer, "ShardId": "0", "StartingPosition": {"Type": "LATEST"}})

    assert answer.status == 400
    assert answer.error == ("ResourceInUseException", "Another active subscription exists for this consumer: "
                                                      f"{account}:{stream}:shardId-000000000000:reader")


def test_two_consumers_and_two_shards_do_not_disturb_each_other(kinesis, make_stream, subscribe):
    stream = make_stream(2)
    arn = kinesis.describe_stream_summary(StreamName=stream)["StreamDescriptionSummary"]["StreamARN"]
    consumers = [kinesis.register_stream_consumer(StreamARN=arn, ConsumerName=name)["Consumer"]["ConsumerARN"] for name in "ab"]
    opened = {(consumer, shard): subscribe(consumer, shard, Type="LATEST") for consumer in consumers for shard in "01"}
    for frames in opened.values():
        frames.next()
    kinesis.put_record(StreamName=stream, PartitionKey="k", ExplicitHashKey="0", Data=b"0")
    kinesis.put_record(StreamName=stream, PartitionKey="k", ExplicitHashKey=str(2**128 - 1), Data=b"1")

    for (_, shard), frames in opened.items():
        assert [base64.b64decode(r["Data"]) for r in frames.event()["Records"]] == [shard.encode()]


@pytest.mark.parametrize("end", ["deregister", "delete"])
def test_what_is_gone_ends_the_stream_with_an_exception(kinesis, places, subscribe, account, end):
    stream, _, consumer = places
    second = consumer.rpartition(":")[2]
    frames = subscribe(consumer, Type="LATEST")
    frames.next()
    if end == "deregister":
        kinesis.deregister_stream_consumer(ConsumerARN=consumer)
        text = f"Consumer reader with creation timestamp {second} under stream: {stream}, account {account} not found."
    else:
        kinesis.delete_stream(StreamName=stream, EnforceConsumerDeletion=True)
        text = f"Stream {stream} under account {account} not found."

    headers, payload = frames.next()

    assert headers == [(":exception-type", "ResourceNotFoundException"), (":content-type", JSON), (":message-type", "exception")]
    assert payload == {"message": text} and frames.next() is None
