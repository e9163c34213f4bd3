"""The machine's clock: what expires with it, and what does not follow it back.

The clock in front of the server is libfaketime's: `@…` starts it at a time, `x…` makes it run faster.
"""

import contextlib
import datetime
import time

import pytest

from support.faketime import faked_clock, hosted_binary
from support.server import Server

pytestmark = pytest.mark.skipif(hosted_binary() is None, reason="no faketime, or a sanitizer in its place")

START = datetime.datetime(2030, 1, 1, 12, tzinfo=datetime.timezone.utc)
HOURS = datetime.timedelta(hours=1)
DAYS = datetime.timedelta(days=1)
SECONDS = datetime.timedelta(seconds=1)


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


def test_a_name_made_again_behind_the_clock_repeats_no_number(life):
    numbers = []
    for after in (0 * HOURS, -1 * HOURS, -1 * HOURS, 25 * HOURS, 24 * HOURS):
        with life(after) as kinesis:
            create(kinesis, shards=2)
            numbers += put(kinesis, "a", "b")
            assert sorted(read(kinesis, "0") + read(kinesis, "1")) == ["a", "b"]
            kinesis.delete_stream(StreamName="s")

    assert [int(number) for number in numbers] == sorted({int(number) for number in numbers})
