"""Subscriptions: their life, who takes over, slow and vanished readers, a stop of the server."""

import socket
import time

import pytest
from botocore.exceptions import EventStreamError
from rawsocket import metric, resident_kib

from support.frames import Frames
from support.server import Server

LIFE = ["--subscription-life", "1500", "--subscription-takeover", "300"]
DEADLINE_S = 20


class Shared:
    """A stream with a consumer on a server."""

    def __init__(self, server, name="a"):
        self.server, self.name = server, name
        self.kinesis = server.client()
        self.kinesis.create_stream(StreamName=name, ShardCount=1)
        self.arn = self.kinesis.describe_stream_summary(StreamName=name)["StreamDescriptionSummary"]["StreamARN"]

    def consumer(self, name):
        return self.kinesis.register_stream_consumer(StreamARN=self.arn, ConsumerName=name)["Consumer"]["ConsumerARN"]

    def subscribe(self, consumer):
        frames = Frames(self.server.endpoint, {
            "ConsumerARN": consumer, "ShardId": "0", "StartingPosition": {"Type": "TRIM_HORIZON"}})
        assert frames.response.status == 200, frames.response.read()
        assert frames.next()[0][0] == (":event-type", "initial-response")
        return frames

    def open_count(self):
        return metric(self.server, "millrace_subscriptions")


def wait_for(condition):
    deadline = time.monotonic() + DEADLINE_S
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


@pytest.fixture(scope="module")
def shared():
    with Server(args=LIFE) as server:
        yield Shared(server)


def test_a_subscription_ends_when_its_life_is_over(shared):
    begun = time.monotonic()
    frames = shared.subscribe(shared.consumer("life"))

    assert frames.next() is None
    assert 1.3 < time.monotonic() - begun < 6
    wait_for(lambda: shared.open_count() == 0)


def test_the_connection_goes_on_after_a_stream_of_events(shared):
    frames = shared.subscribe(shared.consumer("kept"))
    assert frames.next() is None

    frames.connection.request("GET", "/_millrace/health")
    assert frames.connection.getresponse().status == 200


def test_a_later_one_takes_over(shared):
    consumer = shared.consumer("taken")
    first = shared.subscribe(consumer)
    time.sleep(0.35)  # The time for which the first one's place is its own.
    second = shared.subscribe(consumer)

    headers, payload = first.next()

    assert headers[0] == (":exception-type", "ResourceInUseException")
    assert payload["message"].endswith(":a:shardId-000000000000:taken") and first.next() is None
    shared.kinesis.put_record(StreamName="a", PartitionKey="k", Data=b"x")
    assert second.event()["Records"]


def test_a_reader_that_vanishes_is_noticed_at_once(shared):
    frames = shared.subscribe(shared.consumer("vanishing"))
    wait_for(lambda: shared.open_count() >= 1)
    begun = time.monotonic()
    frames.connection.sock.shutdown(socket.SHUT_RDWR)
    frames.close()

    wait_for(lambda: shared.open_count() == 0)
    assert time.monotonic() - begun < 1.2, "only the end of its life ended it"


def test_a_reader_that_does_not_read_costs_one_event():
    with Server(args=["--subscription-life", "60000"]) as server:
        shared = Shared(server)
        frames = shared.subscribe(shared.consumer("slow"))
        before = resident_kib(server)
        for _ in range(60):
            shared.kinesis.put_record(StreamName="a", PartitionKey="k", Data=bytes(1_000_000))
        # The records themselves are in memory here; what the reader's stream adds has to be small.
        assert resident_kib(server) - before < 60 * 1000 * 1.6 + 20_000
        assert shared.kinesis.list_streams()["StreamNames"] == ["a"]
        count = 0
        while count < 60:
            count += len(frames.event()["Records"])


def test_a_stop_ends_streams_of_events_cleanly():
    with Server() as server:
        shared = Shared(server)
        opened = [shared.subscribe(shared.consumer(f"c{i}")) for i in range(5)]
        begun = time.monotonic()
        assert server.stop() == 0

        assert time.monotonic() - begun < 2
        assert [frames.next() for frames in opened] == [None] * 5


def test_many_idle_subscriptions_cost_little():
    with Server() as server:
        consumers = [(shared, shared.consumer(f"c{i}")) for shared in (Shared(server, f"s{n}") for n in range(5)) for i in range(20)]
        before = resident_kib(server)
        opened = [shared.subscribe(consumer) for shared, consumer in consumers]

        assert consumers[0][0].open_count() == 100
        assert (resident_kib(server) - before) / 100 < 40
        for frames in opened:
            frames.close()
        wait_for(lambda: consumers[0][0].open_count() == 0)


@pytest.mark.parametrize("change", ["delete", "split", "deregister"])
def test_a_subscriber_hears_at_once_of_what_ends_it(change):
    """Nobody else looks at the stream after the change."""
    with Server() as server:
        kinesis = server.client()
        kinesis.create_stream(StreamName="s", ShardCount=1)
        arn = kinesis.describe_stream_summary(StreamName="s")["StreamDescriptionSummary"]["StreamARN"]
        consumer = kinesis.register_stream_consumer(StreamARN=arn, ConsumerName="c")["Consumer"]["ConsumerARN"]
        events = iter(kinesis.subscribe_to_shard(
            ConsumerARN=consumer, ShardId="0", StartingPosition={"Type": "LATEST"})["EventStream"])
        other = server.client()
        began = time.monotonic()
        if change == "delete":
            other.delete_stream(StreamName="s", EnforceConsumerDeletion=True)
        elif change == "split":
            other.split_shard(StreamName="s", ShardToSplit="0", NewStartingHashKey=str(2**127))
        else:
            other.deregister_stream_consumer(ConsumerARN=consumer)
        try:
            event = next(events)
            assert change == "split" and len(event["SubscribeToShardEvent"]["ChildShards"]) == 2
        except EventStreamError as error:
            assert change != "split" and "ResourceNotFound" in str(error)

        assert time.monotonic() - began < 1
