"""The machine's clock: what expires with it, and what does not follow it back.

The clock in front of the server is libfaketime's: `@…` starts it at a time, `x…` makes it run faster.
"""

import contextlib
import datetime
import struct
import time

import pytest

from support.faketime import faked_clock, hosted_binary
from support.server import Server

needs_faketime = pytest.mark.skipif(hosted_binary() is None, reason="no faketime, or a sanitizer in its place")

START = datetime.datetime(2030, 1, 1, 12, tzinfo=datetime.timezone.utc)
HOURS = datetime.timedelta(hours=1)
DAYS = datetime.timedelta(days=1)
SECONDS = datetime.timedelta(seconds=1)


def put_ahead(directory, by):
    """Dates the newest record of a store that nobody uses so far ahead of the machine's clock (storage/rocksdb/mark.h)."""
    page = bytearray((directory / "mark").read_bytes())
    ahead = int((time.time() + by.total_seconds()) * 1000)
    struct.pack_into("<Q", page, 5 * 8, ahead)
    struct.pack_into("<Q", page, 10 * 8, ~ahead & (2**64 - 1))
    (directory / "mark").write_bytes(page)


@pytest.fixture
def ahead(tmp_path):
    """A directory whose newest time is a day ahead."""
    with Server(tmp_path / "data"):
        pass
    put_ahead(tmp_path / "data", DAYS)
    return tmp_path / "data"


def test_time_ahead_of_the_machine_goes_on(ahead):
    with Server(ahead) as server:
        kinesis = server.client()
        create(kinesis)
        put(kinesis, "one")
        time.sleep(1.1)
        put(kinesis, "two")
        first, second = (record["ApproximateArrivalTimestamp"] for record in
                         kinesis.get_records(ShardIterator=iterator(kinesis))["Records"])
        server.stop()
        output = server.output()

    assert 1 <= (second - first).total_seconds() < 5
    assert (first.timestamp() - time.time()) > DAYS.total_seconds() - 60
    assert "ahead of this machine's clock" in output


def test_a_subscription_ends_though_the_directory_is_ahead(ahead):
    with Server(ahead, args=["--subscription-life", "1500"]) as server:
        kinesis = server.client()
        create(kinesis)
        stream = kinesis.describe_stream_summary(StreamName="s")["StreamDescriptionSummary"]["StreamARN"]
        consumer = kinesis.register_stream_consumer(StreamARN=stream, ConsumerName="c")["Consumer"]["ConsumerARN"]
        began = time.monotonic()
        events = kinesis.subscribe_to_shard(ConsumerARN=consumer, ShardId="0", StartingPosition={"Type": "LATEST"})
        list(events["EventStream"])

        assert 1 < time.monotonic() - began < 8


def test_signatures_are_compared_with_the_machines_clock(ahead, tmp_path):
    keys = tmp_path / "keys"
    keys.write_text("AKIDEXAMPLE secret\n")
    keys.chmod(0o600)
    with Server(ahead, args=["--auth", "verify", "--auth-keys", keys]) as server:
        server.client().list_streams()


@pytest.fixture
def life(tmp_path):
    """Serves tmp_path's store with a clock that starts so long after START; gives a client."""

    @contextlib.contextmanager
    def run(after, speed=1):
        server = Server(tmp_path, env=faked_clock(START + after, speed))
        server.binary = hosted_binary()
        with server:
            yield server.client()

    return run


def create(kinesis, shards=1):
    kinesis.create_stream(StreamName="s", ShardCount=shards)


def put(kinesis, *texts):
    return [kinesis.put_record(StreamName="s", PartitionKey="k", Data=text.encode())["SequenceNumber"] for text in texts]


def iterator(kinesis, shard="0", kind="TRIM_HORIZON", **more):
    return kinesis.get_shard_iterator(StreamName="s", ShardId=shard, ShardIteratorType=kind, **more)["ShardIterator"]


def read(kinesis, shard="0", kind="TRIM_HORIZON", **more):
    records = kinesis.get_records(ShardIterator=iterator(kinesis, shard, kind, **more))["Records"]
    return [record["Data"].decode() for record in records]


def shards(kinesis, **shard_filter):
    more = {"ShardFilter": shard_filter} if shard_filter else {}
    return [int(shard["ShardId"][-3:]) for shard in kinesis.list_shards(StreamName="s", **more)["Shards"]]


@needs_faketime
def test_records_are_there_as_long_as_their_retention(life):
    with life(0 * HOURS) as kinesis:
        create(kinesis)
        first = put(kinesis, "old", "older")[0]
    with life(24 * HOURS - 60 * SECONDS) as kinesis:
        assert read(kinesis) == ["old", "older"]
        put(kinesis, "young")
    with life(24 * HOURS + 60 * SECONDS) as kinesis:
        assert read(kinesis) == ["young"]
        assert read(kinesis, kind="AT_SEQUENCE_NUMBER", StartingSequenceNumber=first) == ["young"]
        assert read(kinesis, kind="AT_TIMESTAMP", Timestamp=START) == ["young"]
        kinesis.increase_stream_retention_period(StreamName="s", RetentionPeriodHours=200)
        assert read(kinesis) == ["young"]
    with life(8 * DAYS) as kinesis:
        assert read(kinesis) == ["young"]
        kinesis.decrease_stream_retention_period(StreamName="s", RetentionPeriodHours=24)
        assert read(kinesis) == []
        kinesis.increase_stream_retention_period(StreamName="s", RetentionPeriodHours=200)
        assert read(kinesis) == []
        assert int(put(kinesis, "new")[0]) > int(first)


@needs_faketime
def test_a_closed_shard_leaves_with_its_records(life):
    with life(0 * HOURS) as kinesis:
        create(kinesis)
        put(kinesis, "parent's")
        kinesis.split_shard(StreamName="s", ShardToSplit="0", NewStartingHashKey=str(2**127))
        put(kinesis, "child's")
    with life(24 * HOURS - 60 * SECONDS) as kinesis:
        assert shards(kinesis) == [0, 1, 2]
        assert shards(kinesis, Type="AT_TRIM_HORIZON") == [0]
        assert read(kinesis) == ["parent's"]
    with life(24 * HOURS + 60 * SECONDS) as kinesis:
        assert shards(kinesis) == [1, 2]
        assert shards(kinesis, Type="AT_TRIM_HORIZON") == [1, 2]
        with pytest.raises(kinesis.exceptions.ResourceNotFoundException):
            iterator(kinesis)
        # What is gone stays gone, its number too.
        kinesis.increase_stream_retention_period(StreamName="s", RetentionPeriodHours=48)
        assert shards(kinesis, Type="AT_TRIM_HORIZON") == [1, 2]
        kinesis.merge_shards(StreamName="s", ShardToMerge="1", AdjacentShardToMerge="2")
        assert shards(kinesis, Type="AT_LATEST") == [3]


@needs_faketime
def test_an_iterator_lives_five_minutes(life):
    with life(0 * HOURS) as kinesis:
        create(kinesis)
        token = iterator(kinesis)
    with life(290 * SECONDS) as kinesis:
        kinesis.get_records(ShardIterator=token)
        renewed = kinesis.get_records(ShardIterator=token)["NextShardIterator"]
    with life(310 * SECONDS) as kinesis:
        with pytest.raises(kinesis.exceptions.ExpiredIteratorException):
            kinesis.get_records(ShardIterator=token)
        kinesis.get_records(ShardIterator=renewed)


@needs_faketime
def test_an_iterator_expires_while_the_server_runs(life):
    """Five minutes are a second and a half here."""
    speed = 200
    with life(0 * HOURS, speed) as kinesis:
        create(kinesis)
        began = time.monotonic()
        token = iterator(kinesis)
        with pytest.raises(kinesis.exceptions.ExpiredIteratorException):
            while time.monotonic() < began + 10:
                kinesis.get_records(ShardIterator=token)
                time.sleep(0.02)

        assert time.monotonic() - began >= 300 / speed


@needs_faketime
def test_a_clock_set_back_takes_nothing_back(life):
    numbers, arrivals = [], []
    for after in (0 * HOURS, -1 * HOURS, -1 * HOURS, 1 * HOURS, -10 * DAYS, 0 * HOURS):
        with life(after) as kinesis:
            if not numbers:
                create(kinesis)
            numbers += put(kinesis, "a", "b", "c")
            records = kinesis.get_records(ShardIterator=iterator(kinesis))["Records"]
            assert [record["SequenceNumber"] for record in records] == numbers
            arrivals = [record["ApproximateArrivalTimestamp"] for record in records]

    assert [int(number) for number in numbers] == sorted({int(number) for number in numbers})
    assert arrivals == sorted(arrivals)


@needs_faketime
def test_a_name_made_again_behind_the_clock_repeats_no_number(life):
    numbers = []
    for after in (0 * HOURS, -1 * HOURS, -1 * HOURS, 25 * HOURS, 24 * HOURS):
        with life(after) as kinesis:
            create(kinesis, shards=2)
            numbers += put(kinesis, "a", "b")
            assert sorted(read(kinesis, "0") + read(kinesis, "1")) == ["a", "b"]
            kinesis.delete_stream(StreamName="s")

    assert [int(number) for number in numbers] == sorted({int(number) for number in numbers})
