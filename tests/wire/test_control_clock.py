"""GET and POST /_millrace/clock: time that jumps, stands and passes faster, and all that goes by it."""

import datetime
import time

import pytest
from control import clock, code_of, control, wait_for
from test_control_door import signed

from support.frames import Frames
from support.server import Server

HOUR_MS = 3_600_000
SOON_S = 5  # Far less than what the product waits for would take.


def now_of(server):
    return datetime.datetime.fromisoformat(clock(server)[1]["now"].replace("Z", "+00:00")).timestamp()


def iterator(kinesis, kind="TRIM_HORIZON", name="a"):
    return kinesis.get_shard_iterator(StreamName=name, ShardId="0", ShardIteratorType=kind)["ShardIterator"]


def subscribe(server, name="a", consumer="c"):
    kinesis = server.client()
    arn = kinesis.describe_stream_summary(StreamName=name)["StreamDescriptionSummary"]["StreamARN"]
    if code_of(kinesis.register_stream_consumer, StreamARN=arn, ConsumerName=consumer) is None:
        wait_for(lambda: kinesis.describe_stream_consumer(StreamARN=arn, ConsumerName=consumer)[
            "ConsumerDescription"]["ConsumerStatus"] == "ACTIVE")
    found = kinesis.describe_stream_consumer(StreamARN=arn, ConsumerName=consumer)["ConsumerDescription"]["ConsumerARN"]
    frames = Frames(server.endpoint, {"ConsumerARN": found, "ShardId": "0", "StartingPosition": {"Type": "LATEST"}})
    assert frames.next()[0][0] == (":event-type", "initial-response")
    return frames


@pytest.fixture
def server(tmp_path):
    with Server(tmp_path / "data", ["--streams", "a:1"]) as running:
        yield running


@pytest.fixture(params=["", "restart", "kill"])
def moved(request, server):
    """Changes the clock, and starts the server anew or not."""
    def change(**how):
        status, state = clock(server, **how)
        assert status == 200, state
        if request.param:
            server.kill() if request.param == "kill" else server.stop()
            server.start()
        return server
    return change


def test_the_clock_goes_by_the_wall_clock_at_first(server):
    status, state = clock(server)

    assert status == 200
    assert (state["offset_ms"], state["rate"], state["frozen"]) == (0, 1, False)
    assert abs(now_of(server) - time.time()) < 5


@pytest.mark.parametrize("body, where", [
    ({}, None), ({"advance": "1h", "freeze": True}, None), ([], None), ("advance", None), ({"back": "1h"}, "/back"),
    ({"advance": "-1h"}, "/advance"), ({"advance": "0s"}, "/advance"), ({"advance": "25"}, "/advance"), ({"advance": 25}, "/advance"),
    ({"advance": "1d"}, "/advance"), ({"advance": "884737h"}, "/advance"), ({"advance": "9223372036854775807ms"}, "/advance"),
    ({"rate": 0}, "/rate"), ({"rate": -1}, "/rate"), ({"rate": 0.0009}, "/rate"), ({"rate": 100001}, "/rate"), ({"rate": "60"}, "/rate"),
    ({"rate": None}, "/rate"), ({"freeze": False}, "/freeze"), ({"normal": 1}, "/normal")])
def test_a_bad_change_changes_nothing(server, body, where):
    status, answer = control(server, "POST", "clock", body)

    assert (status, answer["error"], answer.get("where")) == (400, "bad_request", where)
    state = clock(server)[1]
    assert (state["offset_ms"], state["rate"], state["frozen"]) == (0, 1, False)


def test_a_body_that_is_no_json_changes_nothing(server):
    assert control(server, "POST", "clock?x=1", {"freeze": True})[1]["where"] == "?x"
    assert control(server, "POST", "clock")[0] == 400
    assert not clock(server)[1]["frozen"]


def test_a_hundred_years_and_no_more(server):
    assert clock(server, advance="876600h")[0] == 200
    assert clock(server, advance="1ms")[0] == 400
    assert clock(server)[1]["offset_ms"] == 876_600 * HOUR_MS


def test_records_expire(moved, server):
    server.client().put_record(StreamName="a", PartitionKey="k", Data=b"old")
    moved(advance="25h")
    kinesis = server.client()
    kinesis.put_record(StreamName="a", PartitionKey="k", Data=b"new")

    records = kinesis.get_records(ShardIterator=iterator(kinesis))["Records"]

    assert [record["Data"] for record in records] == [b"new"]
    assert records[0]["ApproximateArrivalTimestamp"].timestamp() - time.time() > 24 * 3600


def test_iterators_and_tokens_expire(moved, server):
    kinesis = server.client()
    kinesis.create_stream(StreamName="b", ShardCount=2)
    old, token = iterator(kinesis), kinesis.list_shards(StreamName="b", MaxResults=1)["NextToken"]
    moved(advance="299s")
    kinesis = server.client()
    assert code_of(kinesis.get_records, ShardIterator=old) is None
    clock(server, advance="2s")

    assert code_of(kinesis.get_records, ShardIterator=old) == "ExpiredIteratorException"
    assert code_of(kinesis.list_shards, NextToken=token) == "ExpiredNextTokenException"


def test_subscriptions_end(server):
    frames = subscribe(server)
    began = time.monotonic()
    clock(server, advance="5m")

    assert frames.next() is None
    assert time.monotonic() - began < SOON_S


def test_a_sign_of_life_comes_at_its_time(server):
    frames = subscribe(server)
    began = time.monotonic()
    clock(server, advance="5s")

    assert frames.next()[1]["Records"] == []
    assert time.monotonic() - began < 4


def test_another_subscription_takes_over(server):
    first = subscribe(server)
    clock(server, advance="5s")
    assert first.next()[1]["Records"] == []
    second = subscribe(server)

    assert first.next()[0][0] == (":exception-type", "ResourceInUseException")
    server.client().put_record(StreamName="a", PartitionKey="k", Data=b"x")
    assert second.event()["Records"]


def test_transitions_come_to_their_end(tmp_path):
    with Server(tmp_path / "data", ["--transition-delay", "1h"]) as server:
        kinesis = server.client()

        def status():
            return kinesis.describe_stream_summary(StreamName="a")["StreamDescriptionSummary"]["StreamStatus"]

        kinesis.create_stream(StreamName="a", ShardCount=1)
        assert status() == "CREATING"
        clock(server, advance="1h")
        assert status() == "ACTIVE"
        kinesis.split_shard(StreamName="a", ShardToSplit="0", NewStartingHashKey="1000")
        assert status() == "UPDATING"
        server.kill()
        server.start()
        clock(server, advance="59m")
        assert status() == "UPDATING"
        clock(server, advance="1m")
        assert status() == "ACTIVE" and len(kinesis.list_shards(StreamName="a")["Shards"]) == 3
        kinesis.delete_stream(StreamName="a")
        assert status() == "DELETING"
        clock(server, advance="1h")
        assert code_of(kinesis.describe_stream_summary, StreamName="a") == "ResourceNotFoundException"


def test_a_reader_hears_of_a_split_when_it_is_due(tmp_path):
    with Server(tmp_path / "data", ["--transition-delay", "reshard=60s", "--streams", "a:1"]) as server:
        frames = subscribe(server)
        began = time.monotonic()
        server.client().split_shard(StreamName="a", ShardToSplit="0", NewStartingHashKey="1000")
        clock(server, advance="1m")

        assert len(frames.event()["ChildShards"]) == 2
        assert time.monotonic() - began < 4


def test_throttle_windows_pass(tmp_path):
    with Server(tmp_path / "data", ["--limits", "enforce", "--streams", "a:1"]) as server:
        kinesis = server.client()
        clock(server, freeze=True)
        at = iterator(kinesis)
        codes = [code_of(kinesis.get_records, ShardIterator=at) for _ in range(7)]
        assert codes == [None] * 5 + ["ProvisionedThroughputExceededException"] * 2
        time.sleep(0.3)
        assert code_of(kinesis.get_records, ShardIterator=at) == "ProvisionedThroughputExceededException"
        clock(server, advance="1s")
        assert code_of(kinesis.get_records, ShardIterator=at) is None


def test_frozen_time_stands_and_numbers_rise(moved, server):
    moved(freeze=True)
    kinesis = server.client()
    before = clock(server)[1]["now"]
    numbers = [int(kinesis.put_record(StreamName="a", PartitionKey="k", Data=b"x")["SequenceNumber"]) for _ in range(20)]
    records = kinesis.get_records(ShardIterator=iterator(kinesis))["Records"]

    assert clock(server)[1]["now"] == before and clock(server)[1]["frozen"]
    assert numbers == sorted(set(numbers)) == [int(record["SequenceNumber"]) for record in records]
    assert len({record["ApproximateArrivalTimestamp"] for record in records}) == 1
    assert clock(server, advance="1h")[1]["frozen"]
    state = clock(server, normal=True)[1]
    assert not state["frozen"] and state["offset_ms"] > 0.9 * HOUR_MS
    wait_for(lambda: clock(server)[1]["now"] > state["now"])


def test_a_minute_passes_in_a_second(moved, server):
    moved(rate=60)
    began, from_ = time.monotonic(), now_of(server)
    frames = subscribe(server)
    sign = frames.next()[1]  # Each five seconds.
    passed = time.monotonic() - began

    assert sign["Records"] == [] and passed < 3
    assert now_of(server) - from_ > 5
    time.sleep(1)
    took = time.monotonic() - began
    assert 0.8 * 60 * took < now_of(server) - from_ < 60 * (time.monotonic() - began) + 10
    state = clock(server, normal=True)[1]
    assert state["rate"] == 1 and state["offset_ms"] >= 59_000


def test_an_on_demand_window_passes(tmp_path):
    with Server(tmp_path / "data") as server:
        kinesis = server.client()
        kinesis.create_stream(StreamName="d", StreamModeDetails={"StreamMode": "ON_DEMAND"})
        open_shards = lambda: kinesis.describe_stream_summary(StreamName="d")["StreamDescriptionSummary"]["OpenShardCount"]  # noqa: E731
        before = open_shards()
        clock(server, freeze=True)
        for _ in range(30):
            kinesis.put_records(StreamName="d", Records=[
                {"PartitionKey": "k", "Data": b"x" * 900_000, "ExplicitHashKey": "0"} for _ in range(10)])
        assert open_shards() == before
        clock(server, advance="1m")
        assert open_shards() > before


def test_a_rate_that_reaches_the_limit_falls_to_1(server):
    assert clock(server, advance="876599h")[0] == 200
    assert clock(server, rate=100_000)[0] == 200

    wait_for(lambda: clock(server)[1]["rate"] == 1)

    state = clock(server)[1]
    assert 0 <= 876_600 * HOUR_MS - state["offset_ms"] < 1000
    wait_for(lambda: "its rate is 1 again" in server.output())
    server.kill()
    server.start()
    assert clock(server)[1]["rate"] == 1


def test_signatures_and_certificates_go_by_the_wall_clock(tmp_path):
    keys = tmp_path / "keys"
    keys.write_text("AKIDEXAMPLE secret admin\n")
    keys.chmod(0o600)
    # Signed requests of clients whose clock is right are let in, whatever product time is.
    with Server(tmp_path / "data", ["--auth", "verify", "--auth-keys", keys]) as server:
        assert signed(server, "POST", "clock", {"advance": "1000h"})[0] == 200
        assert server.client().list_streams()["StreamNames"] == []
