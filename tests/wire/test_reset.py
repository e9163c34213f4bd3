"""POST /_millrace/reset: what goes, what stays, and what becomes of those who are at it."""

import concurrent.futures
import os
import random
import threading
import time

import pytest
from botocore.exceptions import ClientError
from control import clock, code_of, control, reset, wait_for
from rawsocket import metric

from support.frames import Frames
from support.held_calls import HeldServer, library
from support.server import Server, client

POLICY = ('{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"222222222222"},'
          '"Action":"kinesis:PutRecord","Resource":"%s"}]}')


def names(kinesis):
    return kinesis.list_streams()["StreamNames"]


def make(kinesis, *streams):
    for name in streams:
        kinesis.create_stream(StreamName=name, ShardCount=1)


def iterator(kinesis, name):
    return kinesis.get_shard_iterator(StreamName=name, ShardId="0", ShardIteratorType="TRIM_HORIZON")["ShardIterator"]


def error_of(call, **parameters):
    with pytest.raises(ClientError) as refused:
        call(**parameters)
    return refused.value.response["Error"]["Code"]


@pytest.fixture
def server():
    with Server() as running:
        yield running


def test_all_streams_go_and_all_that_belongs_to_them(server):
    kinesis = server.client()
    make(kinesis, "a", "b")
    arn = kinesis.describe_stream_summary(StreamName="a")["StreamDescriptionSummary"]["StreamARN"]
    kinesis.register_stream_consumer(StreamARN=arn, ConsumerName="c")
    kinesis.put_resource_policy(ResourceARN=arn, Policy=POLICY % arn)
    kinesis.update_account_settings(MinimumThroughputBillingCommitment={"Status": "ENABLED"})

    assert reset(server) == (200, {"streams": 2})

    assert names(kinesis) == []
    assert error_of(kinesis.list_stream_consumers, StreamARN=arn) == "ResourceNotFoundException"
    assert kinesis.describe_account_settings()["MinimumThroughputBillingCommitment"]["Status"] == "DISABLED"
    make(kinesis, "a")
    assert kinesis.list_stream_consumers(StreamARN=arn)["Consumers"] == []
    assert reset(server) == (200, {"streams": 1}) and reset(server) == (200, {"streams": 0})


def test_what_is_declared_is_there_again_before_the_answer():
    with Server(args=["--streams", "declared:2", "--streams", "other:1:eu-west-1"]) as server:
        kinesis = server.client()
        make(kinesis, "mine")
        kinesis.put_record(StreamName="declared", PartitionKey="k", Data=b"x")
        assert reset(server) == (200, {"streams": 3})
        assert names(kinesis) == ["declared"]
        assert kinesis.get_records(ShardIterator=iterator(kinesis, "declared"))["Records"] == []

        assert reset(server, "?region=eu-west-1") == (200, {"streams": 1})
        assert names(client(server.endpoint, region="eu-west-1")) == ["other"]
        assert reset(server, "?stream=declared&seed=0") == (200, {"streams": 1})
        assert names(kinesis) == []
        assert reset(server, "?seed=0") == (200, {"streams": 1})
        assert names(client(server.endpoint, region="eu-west-1")) == []


def test_only_what_is_meant_goes(server):
    ours, theirs = server.client(), client(server.endpoint, access_key="222222222222")
    abroad = client(server.endpoint, region="eu-west-1")
    for kinesis in (ours, theirs, abroad):
        make(kinesis, "a", "b")

    assert reset(server, "?stream=a") == (200, {"streams": 1})
    assert [names(kinesis) for kinesis in (ours, theirs, abroad)] == [["b"], ["a", "b"], ["a", "b"]]
    assert reset(server, "?stream=a&account=222222222222") == (200, {"streams": 1})
    assert reset(server, "?region=eu-west-1") == (200, {"streams": 2})
    assert [names(kinesis) for kinesis in (ours, theirs, abroad)] == [["b"], ["b"], []]
    assert reset(server, "?account=222222222222") == (200, {"streams": 1})
    assert [names(kinesis) for kinesis in (ours, theirs)] == [["b"], []]


def test_an_unknown_stream_changes_nothing(server):
    kinesis = server.client()
    make(kinesis, "a")

    status, body = reset(server, "?stream=b")

    assert (status, body["error"], body["where"]) == (404, "not_found", "?stream")
    assert names(kinesis) == ["a"]


@pytest.mark.parametrize("query, where", [
    ("?strem=a", "?strem"), ("?account=1", "?account"), ("?account=", "?account"), ("?region=A", "?region"), ("?region=", "?region"),
    ("?stream=", "?stream"), ("?seed=2", "?seed"), ("?seed", "?seed"), ("?stream=a&stream=b", "?stream"), ("?%ff=1", "?\ufffd")])
def test_a_bad_query_changes_nothing(server, query, where):
    kinesis = server.client()
    make(kinesis, "a")

    status, body = reset(server, query)

    assert (status, body["error"], body["where"]) == (400, "bad_request", where)
    assert names(kinesis) == ["a"]


def test_other_methods_are_refused(server):
    assert control(server, "GET", "reset")[0] == 405
    assert control(server, "GET", "resets")[0] == 404


def test_tokens_of_before_are_those_of_a_deleted_stream(server):
    kinesis = server.client()

    def codes(remove):
        """What tokens of before get without the stream, and beside another one of its name."""
        kinesis.create_stream(StreamName="a", ShardCount=2)
        old = iterator(kinesis, "a")
        token = kinesis.list_shards(StreamName="a", MaxResults=1)["NextToken"]
        number = kinesis.put_record(StreamName="a", PartitionKey="k", Data=b"old")["SequenceNumber"]
        remove()
        found = []
        for _ in range(2):
            found += [code_of(kinesis.get_records, ShardIterator=old), code_of(kinesis.list_shards, NextToken=token)]
            code_of(kinesis.create_stream, StreamName="a", ShardCount=2)
        later = kinesis.put_record(StreamName="a", PartitionKey="k", Data=b"new")["SequenceNumber"]
        assert int(later) > int(number)
        kinesis.delete_stream(StreamName="a")
        return found

    deleted = codes(lambda: kinesis.delete_stream(StreamName="a"))
    assert deleted[0] == deleted[2] == "ResourceNotFoundException" and None not in deleted
    assert codes(lambda: reset(server)) == deleted
    assert codes(lambda: reset(server, "?stream=a")) == deleted


@pytest.mark.parametrize("query", ["", "?stream=a", "?account=000000000000"])
def test_subscriptions_end(server, query):
    kinesis = server.client()
    make(kinesis, "a", "b")
    frames = []
    for name in ("a", "b"):
        arn = kinesis.describe_stream_summary(StreamName=name)["StreamDescriptionSummary"]["StreamARN"]
        consumer = kinesis.register_stream_consumer(StreamARN=arn, ConsumerName="c")["Consumer"]["ConsumerARN"]
        frames.append(Frames(server.endpoint, {
            "ConsumerARN": consumer, "ShardId": "0", "StartingPosition": {"Type": "TRIM_HORIZON"}}))
        assert frames[-1].next()[0][0] == (":event-type", "initial-response")

    reset(server, query)

    headers, _ = frames[0].next()
    assert headers[0] == (":exception-type", "ResourceNotFoundException") and frames[0].next() is None
    if query == "?stream=a":
        kinesis.put_record(StreamName="b", PartitionKey="k", Data=b"x")
        assert frames[1].event()["Records"]
    wait_for(lambda: metric(server, "millrace_subscriptions") == (1 if query == "?stream=a" else 0))


def test_limits_begin_anew():
    with Server(args=["--limits", "enforce"]) as server:
        kinesis = server.client()
        make(kinesis, "a")
        stream = kinesis.describe_stream_summary(StreamName="a")["StreamDescriptionSummary"]["StreamARN"]
        assert stream
        codes = [error for _ in range(12) if (error := code_of(kinesis.describe_limits))]
        assert codes and set(codes) == {"LimitExceededException"}

        reset(server)

        assert code_of(kinesis.describe_limits) is None


def test_the_clock_goes_by_the_wall_clock_again(tmp_path):
    with Server(tmp_path / "data", ["--streams", "declared:1"]) as server:
        kinesis = server.client()
        assert clock(server, advance="25h")[0] == 200
        kinesis.put_record(StreamName="declared", PartitionKey="k", Data=b"x")
        reset(server, "?stream=declared")
        assert clock(server)[1]["offset_ms"] == 25 * 3_600_000

        reset(server)

        state = clock(server)[1]
        assert (state["offset_ms"], state["rate"], state["frozen"]) == (0, 1, False)
        for stop in (server.stop, server.kill):
            stop()
            server.start()
            assert clock(server)[1]["offset_ms"] == 0
            assert names(server.client()) == ["declared"]
        assert server.client().describe_stream_summary(StreamName="declared")["StreamDescriptionSummary"][
            "StreamCreationTimestamp"].timestamp() < time.time() + 60


def test_others_stay_at_it(tmp_path):
    """Whatever a call meets, it ends with an answer of the service; nothing of before is seen after a reset's answer."""
    with Server(tmp_path / "data", ["--streams", "s:4"]) as server:
        stop, wrong, generation = threading.Event(), [], [0]

        def put(number):
            kinesis = client(server.endpoint)
            while not stop.is_set():
                try:
                    kinesis.put_records(StreamName="s", Records=[
                        {"PartitionKey": str(i), "Data": str(generation[0]).encode()} for i in range(20)])
                    kinesis.list_streams()
                    if number == 0:
                        kinesis.create_stream(StreamName=f"t{random.randrange(5)}", ShardCount=2)
                        kinesis.update_account_settings(MinimumThroughputBillingCommitment={"Status": "ENABLED"})
                except ClientError as error:
                    if error.response["Error"]["Code"] not in ("ResourceNotFoundException", "ResourceInUseException"):
                        wrong.append(error)

        with concurrent.futures.ThreadPoolExecutor(4) as pool:
            puts = [pool.submit(put, number) for number in range(4)]
            kinesis = server.client()
            for _ in range(40):
                before = generation[0]
                generation[0] += 1
                status, body = reset(server)
                assert status == 200, body
                records = []
                for shard in kinesis.list_shards(StreamName="s")["Shards"]:
                    at = kinesis.get_shard_iterator(StreamName="s", ShardId=shard["ShardId"],
                                                    ShardIteratorType="TRIM_HORIZON")["ShardIterator"]
                    records += kinesis.get_records(ShardIterator=at)["Records"]
                # A put that was sent before may be carried out after it.
                assert all(int(record["Data"]) >= before for record in records)
            stop.set()
            for done in puts:
                done.result()
        assert not wrong, wrong[:3]
        reset(server)
        assert names(kinesis) == ["s"]


@pytest.mark.skipif(library() is None, reason="no build for preloading, or a sanitizer in its place")
def test_puts_that_wait_for_the_device_end_as_for_a_deleted_stream(tmp_path):
    (tmp_path / "switches").mkdir()
    with HeldServer(tmp_path / "data", tmp_path / "switches", ["--fsync", "always"]) as server:
        kinesis = server.client()
        make(kinesis, "a")
        with concurrent.futures.ThreadPoolExecutor(101) as pool:
            with server.held("sync.log"):
                clients = [client(server.endpoint) for _ in range(100)]
                puts = [pool.submit(code_of, one.put_record, StreamName="a", PartitionKey="k", Data=b"x") for one in clients]
                wait_for(lambda: metric(server, 'millrace_stream_incoming_records_total{account="000000000000",region="us-east-1",stream="a"}') == 100)
                answer = pool.submit(reset, server)
                time.sleep(0.2)
                assert not answer.done()
            assert answer.result() == (200, {"streams": 1})
            assert {put.result() for put in puts} == {"ResourceNotFoundException"}
        assert names(kinesis) == []


def test_a_thousand_subscriptions_end(server):
    kinesis = server.client()
    kinesis.create_stream(StreamName="a", ShardCount=50)
    arn = kinesis.describe_stream_summary(StreamName="a")["StreamDescriptionSummary"]["StreamARN"]
    frames = []
    for number in range(20):
        consumer = kinesis.register_stream_consumer(StreamARN=arn, ConsumerName=f"c{number}")["Consumer"]["ConsumerARN"]
        for shard in range(50):
            frames.append(Frames(server.endpoint, {
                "ConsumerARN": consumer, "ShardId": str(shard), "StartingPosition": {"Type": "LATEST"}}))
            assert frames[-1].next()[0][0] == (":event-type", "initial-response")

    assert reset(server) == (200, {"streams": 1})

    for one in frames:
        assert one.next()[0][0] == (":exception-type", "ResourceNotFoundException") and one.next() is None
    wait_for(lambda: metric(server, "millrace_subscriptions") == 0)
    assert names(kinesis) == []


@pytest.mark.parametrize("args", [["--disk-budget", "24", "--memory-budget", "16"], ["--memory-budget", "16"]])
def test_a_full_store_has_room_again(tmp_path, args):
    with Server(tmp_path / "data" if "--disk-budget" in args else None, args) as server:
        kinesis = server.client()
        make(kinesis, "a")
        records = [{"PartitionKey": str(i), "Data": random.randbytes(100_000)} for i in range(10)]

        def put_is_refused():
            try:
                return kinesis.put_records(StreamName="a", Records=records)["FailedRecordCount"] > 0
            except ClientError as error:
                assert error.response["Error"]["Code"] == "InternalFailure"
                return True

        wait_for(put_is_refused)
        assert reset(server) == (200, {"streams": 1})
        make(kinesis, "a")
        wait_for(lambda: not put_is_refused())
        assert names(kinesis) == ["a"]


def fill(server, streams=20):
    kinesis = client(server.endpoint)
    for i in range(streams):
        kinesis.create_stream(StreamName=f"s{i}", ShardCount=2)
        kinesis.put_record(StreamName=f"s{i}", PartitionKey="k", Data=b"x")


def test_a_kill_in_a_reset_leaves_all_or_nothing(tmp_path):
    random.seed(7)
    kills = 50 if os.environ.get("MILLRACE_LONG") else 8
    server = Server(tmp_path / "data")
    server.start()
    seen = set()
    for _ in range(kills):
        fill(server)
        clock(server, advance="1h")
        offset = clock(server)[1]["offset_ms"]
        threading.Timer(random.uniform(0, 0.012), server.process.kill).start()
        try:
            answered = reset(server) == (200, {"streams": 20})
        except OSError:
            answered = False
        server.process.wait()
        server.start()
        left, state = names(server.client()), clock(server)[1]
        assert (len(left), abs(state["offset_ms"] - offset) < 1000, state["offset_ms"] == 0) in ((20, True, False), (0, False, True))
        assert not (answered and left)
        seen.add(len(left))
        reset(server)
    server.stop()
    assert seen == {0, 20} or kills < 50


@pytest.mark.skipif(library() is None, reason="no build for preloading, or a sanitizer in its place")
@pytest.mark.parametrize("fsync", ["interval", "always"])
@pytest.mark.parametrize("call", ["write.log", "sync.log"])
def test_a_kill_at_each_call_of_a_reset_leaves_all_or_nothing(tmp_path, call, fsync):
    (tmp_path / "switches").mkdir()
    server = HeldServer(tmp_path / "data", tmp_path / "switches", ["--fsync", fsync, "--fsync-interval", "50ms"])
    server.start()
    fill(server, 5)
    with server.held(call), concurrent.futures.ThreadPoolExecutor(1) as pool:
        answer = pool.submit(control, server, "POST", "reset")
        time.sleep(0.3)
        answered = answer.done() and answer.result()[0] == 200
        server.kill()
        answer.exception()
    server.start()
    left = names(server.client())
    assert len(left) in (0, 5)
    assert not (answered and left)
    server.stop()
