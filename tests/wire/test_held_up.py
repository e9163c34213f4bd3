"""A device that does not answer holds up who needs it, and nobody else.

One I/O thread, so that whoever is held up would hold up all. Nothing here is timed but by the
client's own limit, which is far below the time for which the device is held.
"""

import base64
import concurrent.futures
import json
import time
import urllib.request

import pytest

from support.fast_client import HEADERS, FastClient
from support.frames import Frames
from support.held_calls import HeldServer, library
from support.http2 import Http2

pytestmark = pytest.mark.skipif(library() is None, reason="no build for preloading, or a sanitizer in its place")

HELD_S = 2.0
ANSWERED_WITHIN_S = 1.5
CALLS = 24
HELD_READS = 6  # One loop has that many threads to spare, and some more.
BIG_BYTES = 900_000
BIG_PUTS = 40


class World:
    """A server with two streams: "busy", whose calls will be held up, and "calm"."""

    def __init__(self, server):
        self.server = server
        self.kinesis = server.client(read_timeout=ANSWERED_WITHIN_S)
        for name in ("busy", "calm"):
            self.kinesis.create_stream(StreamName=name, ShardCount=2)
        self.kinesis.put_record(StreamName="calm", PartitionKey="k", ExplicitHashKey="0", Data=b"old")
        arn = self.kinesis.describe_stream_summary(StreamName="calm")["StreamDescriptionSummary"]["StreamARN"]
        self.consumer = self.kinesis.register_stream_consumer(
            StreamARN=arn, ConsumerName="c")["Consumer"]["ConsumerARN"]

    def subscribe(self):
        return Frames(self.server.endpoint, {
            "ConsumerARN": self.consumer, "ShardId": "0", "StartingPosition": {"Type": "TRIM_HORIZON"}})

    def answers_the_rest(self):
        """Asserts that what does not need the device is answered."""
        with urllib.request.urlopen(f"{self.server.endpoint}/_millrace/health", timeout=ANSWERED_WITHIN_S) as answer:
            assert answer.status == 200
        assert self.kinesis.list_streams()["StreamNames"] == ["busy", "calm"]
        assert self.kinesis.describe_stream_summary(StreamName="busy")["StreamDescriptionSummary"]["OpenShardCount"] == 2
        assert len(self.kinesis.list_shards(StreamName="busy")["Shards"]) == 2
        token = self.kinesis.get_shard_iterator(
            StreamName="calm", ShardId="0", ShardIteratorType="TRIM_HORIZON")["ShardIterator"]
        assert [record["Data"] for record in self.kinesis.get_records(ShardIterator=token)["Records"]] == [b"old"]
        assert self.subscribe().event()["Records"]

    def in_background(self, pool, count, call):
        """Futures of call(client, i) for i below `count`, each on a connection of its own."""
        def run(i):
            client = FastClient(self.server.port)
            try:
                return call(client, i)
            finally:
                client.close()

        return [pool.submit(run, i) for i in range(count)]

    def put(self, client, i, size=1):
        return client.put("busy", [(f"k{i}", b"%d" % i + b"." * size)] * (5 if size > 1 else 1))

    def numbers(self):
        """Of all records of the busy stream."""
        client = FastClient(self.server.port)
        found = [record[0] for shard in ("0", "1") for record in client.scan("busy", shard)]
        client.close()
        return found


@pytest.fixture
def world(tmp_path, request):
    (tmp_path / "switches").mkdir()
    options = getattr(request, "param", [])
    with HeldServer(tmp_path / "data", tmp_path / "switches", ["--threads", "1", "--subscription-takeover", "0", *options]) as server:
        yield World(server)


def answers_the_rest_while_held(world):
    until = time.monotonic() + HELD_S
    while time.monotonic() < until:
        world.answers_the_rest()


def acknowledged(futures):
    """The numbers of the records whose puts were answered; each of them was, and with no error."""
    return [number for future in futures for _, number in future.result()]


def test_writes(world):
    with concurrent.futures.ThreadPoolExecutor(CALLS + 2) as pool:
        with world.server.held("write.log"):
            puts = world.in_background(pool, CALLS, world.put)
            creations = world.in_background(pool, 2, lambda client, i: client.call(
                "CreateStream", StreamName=f"new{i}", ShardCount=1))
            answers_the_rest_while_held(world)
            assert not any(call.done() for call in [*puts, *creations])
        numbers = acknowledged(puts)
        for creation in creations:
            creation.result()

    assert len(numbers) == CALLS and sorted(world.numbers()) == sorted(numbers)
    assert len(world.kinesis.list_streams()["StreamNames"]) == 4


@pytest.mark.parametrize("world", [["--fsync", "always"]], indirect=True)
def test_syncs(world):
    with concurrent.futures.ThreadPoolExecutor(CALLS) as pool:
        with world.server.held("sync.log"):
            puts = world.in_background(pool, CALLS, world.put)
            answers_the_rest_while_held(world)
            assert not any(put.done() for put in puts)
        numbers = acknowledged(puts)

    assert len(numbers) == CALLS and sorted(world.numbers()) == sorted(numbers)


def test_flushes(world):
    """Writes go on until nothing more fits in memory, then wait; nothing else does."""
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        with world.server.held("write.sst"):
            puts = world.in_background(pool, BIG_PUTS, lambda client, i: world.put(client, i, BIG_BYTES))
            answers_the_rest_while_held(world)
            assert any(put.done() for put in puts) and not all(put.done() for put in puts)
        numbers = acknowledged(puts)

    assert sorted(world.numbers()) == sorted(numbers)


def test_reads(world):
    puts = FastClient(world.server.port)
    for i in range(CALLS):
        world.put(puts, i, BIG_BYTES)
    puts.close()
    world.server.stop()
    world.server.start()  # What was in memory is in table files now.
    world.answers_the_rest()

    def read(client, i):
        return client.get(client.iterator("busy", str(i % 2)), limit=1)[0]

    with concurrent.futures.ThreadPoolExecutor(CALLS) as pool:
        with world.server.held("read.sst"):
            reads = world.in_background(pool, HELD_READS, read)
            answers_the_rest_while_held(world)
            assert not any(call.done() for call in reads)
        assert all(len(call.result()) == 1 for call in reads)


def test_other_calls_of_a_connection(world):
    """Over HTTP/2, those that come with the one that is held up, and later."""
    connection = Http2(world.server.port)
    connection.socket.settimeout(ANSWERED_WITHIN_S)

    def call(operation, **members):
        return connection.request({**HEADERS, "X-Amz-Target": f"Kinesis_20131202.{operation}"}, json.dumps(members).encode())

    with world.server.held("write.log"):
        with connection.in_one_piece():
            put = call("PutRecord", StreamName="busy", PartitionKey="k", Data=base64.b64encode(b"x").decode())
            others = [call("ListStreams")]
        for _ in range(3):
            answer = connection.wait(others[-1])
            assert answer.status == 200 and json.loads(answer.body)["StreamNames"] == ["busy", "calm"]
            others.append(call("ListStreams"))
        assert not connection.streams[put].has_ended
    assert connection.wait(put).status == 200
    assert len(world.numbers()) == 1
    connection.close()
