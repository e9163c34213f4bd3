"""--limits: the service's limits on load and counts, enforced or only observed."""

import base64
import re
import time
import urllib.request

import pytest

from support.frames import Frames
from support.server import Server

MIB = 2**20


@pytest.fixture(scope="module")
def enforcing():
    with Server(args=["--limits", "enforce", "--shard-limit", "12"]) as server:
        yield server


def account(server, number):
    """A client of an account of its own, so that no test uses up another one's calls."""
    return server.client(access_key=f"{number:012d}")


def refused(call, times=1, **members):
    """The error's name and text, of one of so many calls at the latest."""
    with pytest.raises(call.__self__.exceptions.ClientError) as raised:
        for _ in range(times):
            call(**members)
    return raised.value.response["Error"]["Code"], raised.value.response["Error"]["Message"]


def exceeded(server):
    """How often which limit was exceeded, by /metrics."""
    text = urllib.request.urlopen(f"{server.endpoint}/metrics").read().decode()
    return {name: int(count) for name, count in re.findall(r'millrace_limits_exceeded_total\{limit="(\w+)"\} (\d+)', text)}


def test_records_over_a_shards_share_fail_by_themselves(enforcing):
    kinesis = account(enforcing, 1)
    kinesis.create_stream(StreamName="a", ShardCount=2)
    low, high = {"PartitionKey": "k", "ExplicitHashKey": "0"}, {"PartitionKey": "k", "ExplicitHashKey": str(2**128 - 1)}
    large = bytes(MIB - 1)

    answer = kinesis.put_records(StreamName="a", Records=[{**low, "Data": large}] * 4 + [{**high, "Data": b"x"}])

    text = f"Rate exceeded for shard shardId-000000000000 in stream a under account {1:012d}."
    assert answer["FailedRecordCount"] == 3
    failed = {"ErrorCode": "ProvisionedThroughputExceededException", "ErrorMessage": text}
    assert answer["Records"][1:4] == [failed] * 3
    assert set(answer["Records"][0]) == set(answer["Records"][4]) == {"SequenceNumber", "ShardId"}
    assert refused(kinesis.put_record, StreamName="a", Data=bytes(100_000), **low) == (
        "ProvisionedThroughputExceededException", text)
    iterator = kinesis.get_shard_iterator(StreamName="a", ShardId="0", ShardIteratorType="TRIM_HORIZON")["ShardIterator"]
    assert len(kinesis.get_records(ShardIterator=iterator)["Records"]) == 1


def test_reads_and_iterators_of_a_shard(enforcing):
    kinesis = account(enforcing, 2)
    kinesis.create_stream(StreamName="a", ShardCount=1)
    text = f"Rate exceeded for shard shardId-000000000000 in stream a under account {2:012d}."
    where = {"StreamName": "a", "ShardId": "0", "ShardIteratorType": "TRIM_HORIZON"}
    iterators = [kinesis.get_shard_iterator(**where)["ShardIterator"] for _ in range(5)]
    assert refused(kinesis.get_shard_iterator, **where) == ("ProvisionedThroughputExceededException", text)
    for iterator in iterators:
        kinesis.get_records(ShardIterator=iterator)
    assert refused(kinesis.get_records, ShardIterator=iterators[0]) == (
        "ProvisionedThroughputExceededException", f"Rate exceeded for Shard - {2:012d}/a/shardId-000000000000")


@pytest.mark.parametrize("number, operation, members, calls, text", [
    (10, "describe_limits", {}, 1, "Rate exceeded for account {account}."),
    (11, "list_streams", {}, 5, "Rate exceeded for account {account}."),
    (12, "describe_stream", {"StreamName": "a"}, 10, "Rate exceeded for stream a under account {account}."),
    (13, "describe_stream_summary", {"StreamName": "a"}, 20, "Rate exceeded for stream a under account {account}."),
    (14, "list_tags_for_stream", {"StreamName": "a"}, 5, "Rate exceeded for stream a under account {account}."),
])
def test_calls_a_second(enforcing, number, operation, members, calls, text):
    kinesis = account(enforcing, number)
    kinesis.create_stream(StreamName="a", ShardCount=1)
    call = getattr(kinesis, operation)
    for _ in range(calls):
        call(**members)

    # A slow machine gets some calls back while it asks.
    assert refused(call, 10 * calls, **members) == ("LimitExceededException", text.format(account=f"{number:012d}"))
    account(enforcing, number + 100).list_streams()  # Another account has calls of its own.


def test_shards_of_an_account(enforcing):
    kinesis = account(enforcing, 20)
    kinesis.create_stream(StreamName="a", ShardCount=7)
    text = (f"This request would exceed the shard limit for the account {20:012d} in us-east-1. Current shard count for the "
            "account: {}. Limit: 12. Number of additional shards that would have resulted from this request: {}. Refer to "
            "the AWS Service Limits page (http://docs.aws.amazon.com/general/latest/gr/aws_service_limits.html) for current "
            "limits and how to request higher limits.")

    assert refused(kinesis.create_stream, StreamName="b", ShardCount=6) == ("LimitExceededException", text.format(7, 6))
    kinesis.create_stream(StreamName="b", ShardCount=5)
    assert refused(kinesis.split_shard, StreamName="b", ShardToSplit="0", NewStartingHashKey="5") == (
        "LimitExceededException", text.format(12, 1))
    assert refused(kinesis.update_shard_count, StreamName="b", TargetShardCount=6, ScalingType="UNIFORM_SCALING") == (
        "LimitExceededException", "Target shard count or number of open shards cannot be greater than 12. Current open "
                                  "shard count: 5, Target shard count: 6")
    assert kinesis.describe_limits()["ShardLimit"] == 12
    kinesis.create_stream(StreamName="c", StreamModeDetails={"StreamMode": "ON_DEMAND"})  # Counts for another limit.


@pytest.mark.parametrize("limit, shards, change, result", [
    (3, 2, ("split_shard", {"ShardToSplit": "0", "NewStartingHashKey": "5"}), 3),
    (4, 2, ("update_shard_count", {"TargetShardCount": 4, "ScalingType": "UNIFORM_SCALING"}), 4),
    (2, 2, ("merge_shards", {"ShardToMerge": "0", "AdjacentShardToMerge": "1"}), 2),  # Both are open until it is done.
])
def test_shards_of_a_reshard_under_way_are_reserved(limit, shards, change, result):
    operation, members = change
    with Server(args=["--limits", "enforce", "--shard-limit", str(limit), "--transition-delay", "reshard=60000"]) as server:
        kinesis = account(server, 22)
        kinesis.create_stream(StreamName="a", ShardCount=shards)
        getattr(kinesis, operation)(StreamName="a", **members)

        code, text = refused(kinesis.create_stream, StreamName="b", ShardCount=1)

        assert code == "LimitExceededException"
        assert f"Current shard count for the account: {result}. Limit: {limit}." in text


def test_a_switch_to_provisioned_under_way_has_its_shards_reserved():
    with Server(args=["--limits", "enforce", "--shard-limit", "4", "--transition-delay", "update=60000"]) as server:
        kinesis = account(server, 23)
        kinesis.create_stream(StreamName="a", StreamModeDetails={"StreamMode": "ON_DEMAND"})
        arn = kinesis.describe_stream_summary(StreamName="a")["StreamDescriptionSummary"]["StreamARN"]
        kinesis.update_stream_mode(StreamARN=arn, StreamModeDetails={"StreamMode": "PROVISIONED"})

        code, text = refused(kinesis.create_stream, StreamName="b", ShardCount=1)

        assert code == "LimitExceededException" and "Current shard count for the account: 4." in text


def test_a_switch_to_on_demand_under_way_counts_for_the_limit_of_fifty(tmp_path):
    on_demand = {"StreamModeDetails": {"StreamMode": "ON_DEMAND"}}
    with Server(tmp_path) as server:
        for i in range(49):
            server.client().create_stream(StreamName=f"s{i}", **on_demand)
    with Server(tmp_path, args=["--limits", "enforce", "--transition-delay", "update=60000"]) as server:
        kinesis = server.client()
        kinesis.create_stream(StreamName="a", ShardCount=1)
        arn = kinesis.describe_stream_summary(StreamName="a")["StreamDescriptionSummary"]["StreamARN"]
        kinesis.update_stream_mode(StreamARN=arn, **on_demand)

        code, text = refused(kinesis.create_stream, StreamName="b", **on_demand)

        assert code == "LimitExceededException" and "50" in text


CHANGING = ("LimitExceededException",
            "This request would have exceed the limit on the number  of streams that can simultaneously be in CREATING or "
            "DELETING for the account 000000000021. Limit: 5.")


@pytest.mark.parametrize("mode, outcome", [("enforce", CHANGING), ("observe", ("", "")), ("off", ("", ""))])
def test_streams_in_creating_and_deleting_count_together(mode, outcome):
    with Server(args=["--limits", mode, "--transition-delay", "create=0,delete=60000"]) as server:
        kinesis = account(server, 21)
        for i in range(4):
            kinesis.create_stream(StreamName=f"s{i}", ShardCount=1)
            kinesis.delete_stream(StreamName=f"s{i}")
        kinesis.create_stream(StreamName="last", ShardCount=1)
        kinesis.delete_stream(StreamName="last")

        code, text = "", "Rate exceeded"
        deadline = time.monotonic() + 10
        while text.startswith("Rate exceeded"):  # Five calls were a second's share as well.
            assert time.monotonic() < deadline
            try:
                kinesis.create_stream(StreamName="sixth", ShardCount=1)
                code, text = "", ""
            except kinesis.exceptions.LimitExceededException as error:
                code, text = error.response["Error"]["Code"], error.response["Error"]["Message"]

        assert (code, text) == outcome
        assert exceeded(server).get("changing_streams", 0) == (mode != "off")


def test_what_may_be_done_so_often_a_day(enforcing):
    kinesis = account(enforcing, 30)
    kinesis.create_stream(StreamName="a", ShardCount=1)
    arn = kinesis.describe_stream_summary(StreamName="a")["StreamDescriptionSummary"]["StreamARN"]
    for mode in ("ON_DEMAND", "PROVISIONED"):
        kinesis.update_stream_mode(StreamARN=arn, StreamModeDetails={"StreamMode": mode})

    code, text = refused(kinesis.update_stream_mode, StreamARN=arn, StreamModeDetails={"StreamMode": "ON_DEMAND"})
    assert code == "LimitExceededException" and "a under account" in text and "2 times" in text
    for count in (2, 1) * 5:
        kinesis.update_shard_count(StreamName="a", TargetShardCount=count, ScalingType="UNIFORM_SCALING")
    deadline, text = time.monotonic() + 10, "Rate exceeded"
    while text.startswith("Rate exceeded"):  # Ten calls were a second's share as well.
        assert time.monotonic() < deadline
        code, text = refused(kinesis.update_shard_count, StreamName="a", TargetShardCount=2, ScalingType="UNIFORM_SCALING")
    assert code == "LimitExceededException" and "10 times" in text


def consumer_of(kinesis, name="a"):
    """The ARN of a consumer of a new stream."""
    kinesis.create_stream(StreamName=name, ShardCount=1)
    arn = kinesis.describe_stream_summary(StreamName=name)["StreamDescriptionSummary"]["StreamARN"]
    return kinesis.register_stream_consumer(StreamARN=arn, ConsumerName="reader")["Consumer"]["ConsumerARN"]


def test_subscriptions_of_a_consumer_to_a_shard(enforcing):
    kinesis = account(enforcing, 40)
    consumer = consumer_of(kinesis)
    call = {"ConsumerARN": consumer, "ShardId": "0", "StartingPosition": {"Type": "LATEST"}}
    kinesis.subscribe_to_shard(**call)["EventStream"].close()
    codes = set()
    with pytest.raises(kinesis.exceptions.LimitExceededException) as raised:
        for _ in range(50):
            try:
                kinesis.subscribe_to_shard(**call)
            except kinesis.exceptions.ResourceInUseException as error:
                codes.add(error.response["Error"]["Code"])

    assert raised.value.response["Error"]["Message"] == f"Rate exceeded for stream a under account {40:012d}."
    assert codes == {"ResourceInUseException"}  # The first subscription is five seconds old at most.
    other = kinesis.register_stream_consumer(StreamARN=consumer.rpartition("/consumer/")[0], ConsumerName="other")["Consumer"]
    kinesis.subscribe_to_shard(**{**call, "ConsumerARN": other["ConsumerARN"]})["EventStream"].close()


@pytest.mark.parametrize("mode", ["enforce", "observe", "off"])
def test_what_is_pushed_above_two_mebibytes_a_second_comes_later(tmp_path, mode):
    written = [bytes([i]) * 1_000_000 for i in range(9)]
    with Server(tmp_path) as server:
        consumer = consumer_of(server.client())
        for data in written:
            server.client().put_record(StreamName="a", PartitionKey="k", Data=data)
    with Server(tmp_path, args=["--limits", mode]) as server:
        frames = Frames(server.endpoint, {
            "ConsumerARN": consumer, "ShardId": "0", "StartingPosition": {"Type": "TRIM_HORIZON"}})
        events = [frames.event()]
        begun = time.monotonic()
        while sum(len(event["Records"]) for event in events) < len(written):
            events.append(frames.event())
        passed = time.monotonic() - begun
        frames.close()
        counted = exceeded(server).get("shard_pushes", 0)

    # Two events are within the first second's share, and each later one waits for almost a second.
    assert [len(event["Records"]) for event in events] == [2, 2, 2, 2, 1]
    assert [base64.b64decode(record["Data"]) for event in events for record in event["Records"]] == written
    assert (passed > 2.5) == (mode == "enforce")
    assert counted >= 3 if mode == "enforce" else (counted > 0) == (mode == "observe")


def test_observing_counts_and_refuses_nothing():
    with Server(args=["--limits", "observe", "--shard-limit", "2"]) as server:
        kinesis = server.client()
        kinesis.create_stream(StreamName="a", ShardCount=3)
        for _ in range(6):
            kinesis.list_streams()
        for _ in range(3):
            kinesis.put_record(StreamName="a", PartitionKey="k", Data=bytes(MIB - 1))
        iterator = kinesis.get_shard_iterator(StreamName="a", ShardId="0", ShardIteratorType="LATEST")["ShardIterator"]
        for _ in range(6):
            kinesis.get_records(ShardIterator=iterator)

        assert set(exceeded(server)) == {"account_shards", "calls", "shard_writes", "shard_reads"}


def test_by_default_nothing_is_limited_nor_counted():
    with Server() as server:
        kinesis = server.client()
        kinesis.create_stream(StreamName="a", ShardCount=1)
        for _ in range(30):
            kinesis.describe_limits()
        kinesis.put_records(StreamName="a", Records=[{"PartitionKey": "k", "Data": bytes(MIB - 1)}] * 9)

        assert kinesis.describe_limits()["ShardLimit"] == 20000
        assert exceeded(server) == {}
