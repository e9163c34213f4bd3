"""GetShardIterator and GetRecords: the five types, tokens, limits, what lies behind the end."""

import base64
import datetime
import itertools
import time

import pytest
from support.raw import CBOR, Millis

UTC = datetime.timezone.utc
NOW_AND_THEN = "Must either specify (1) AT_SEQUENCE_NUMBER or AFTER_SEQUENCE_NUMBER and StartingSequenceNumber or (2) " \
    "TRIM_HORIZON or LATEST and no StartingSequenceNumber. Request specified "


@pytest.fixture
def filled(kinesis, stream):
    """A stream with one shard and ten records, and the numbers of those."""
    numbers = [kinesis.put_record(StreamName=stream, PartitionKey="a", Data=b"%d" % i)["SequenceNumber"]
               for i in range(10)]
    return stream, numbers


def iterator(kinesis, stream, type_="TRIM_HORIZON", shard="0", **members):
    return kinesis.get_shard_iterator(
        StreamName=stream, ShardId=shard, ShardIteratorType=type_, **members)["ShardIterator"]


def data_from(kinesis, stream, type_, **members):
    records = kinesis.get_records(ShardIterator=iterator(kinesis, stream, type_, **members))["Records"]
    return [record["Data"] for record in records]


def test_the_types(kinesis, filled):
    stream, numbers = filled
    everything = [b"%d" % i for i in range(10)]
    start = kinesis.list_shards(StreamName=stream)["Shards"][0]["SequenceNumberRange"]["StartingSequenceNumber"]

    assert data_from(kinesis, stream, "TRIM_HORIZON") == everything
    assert data_from(kinesis, stream, "LATEST") == []
    for i, number in enumerate(numbers):
        assert data_from(kinesis, stream, "AT_SEQUENCE_NUMBER", StartingSequenceNumber=number) == everything[i:]
        assert data_from(kinesis, stream, "AFTER_SEQUENCE_NUMBER", StartingSequenceNumber=number) == everything[i + 1:]
    assert data_from(kinesis, stream, "AT_SEQUENCE_NUMBER", StartingSequenceNumber=start) == everything
    assert data_from(kinesis, stream, "AFTER_SEQUENCE_NUMBER", StartingSequenceNumber=start) == everything


def test_latest_is_the_end_at_the_time_of_the_call(kinesis, filled):
    stream, _ = filled
    latest = iterator(kinesis, stream, "LATEST")

    kinesis.put_record(StreamName=stream, PartitionKey="a", Data=b"after")

    assert [record["Data"] for record in kinesis.get_records(ShardIterator=latest)["Records"]] == [b"after"]


def test_at_timestamp(kinesis, stream):
    for data in (b"1", b"2", b"3"):
        kinesis.put_record(StreamName=stream, PartitionKey="a", Data=data)
        time.sleep(0.02)  # Arrival times have milliseconds; these must differ.
    records = kinesis.get_records(ShardIterator=iterator(kinesis, stream))["Records"]
    arrivals = [record["ApproximateArrivalTimestamp"] for record in records]

    for i, arrival in enumerate(arrivals):
        assert data_from(kinesis, stream, "AT_TIMESTAMP", Timestamp=arrival) == [b"1", b"2", b"3"][i:]
        later = arrival + datetime.timedelta(milliseconds=1)
        assert data_from(kinesis, stream, "AT_TIMESTAMP", Timestamp=later) == [b"1", b"2", b"3"][i + 1:]
    assert data_from(kinesis, stream, "AT_TIMESTAMP", Timestamp=arrivals[0] - datetime.timedelta(days=30)) == [
        b"1", b"2", b"3"]
    behind = iterator(kinesis, stream, "AT_TIMESTAMP", Timestamp=datetime.datetime.now(UTC))
    kinesis.put_record(StreamName=stream, PartitionKey="a", Data=b"4")
    assert [record["Data"] for record in kinesis.get_records(ShardIterator=behind)["Records"]] == [b"4"]


def test_a_timestamp_of_the_future(wire, stream):
    moment = int(time.time()) + 100

    type_, message = wire.call("GetShardIterator", {
        "StreamName": stream, "ShardId": "0", "ShardIteratorType": "AT_TIMESTAMP", "Timestamp": moment}).error

    assert type_ == "InvalidArgumentException"
    assert message.startswith(
        "The timestampInMillis parameter cannot be greater than the currentTimestampInMillis. timestampInMillis: "
        f"{moment}000, currentTimestampInMillis: ")


@pytest.mark.parametrize("members, text", [
    ({"ShardIteratorType": "TRIM_HORIZON", "StartingSequenceNumber": "5"},
     NOW_AND_THEN + "TRIM_HORIZON and also a StartingSequenceNumber."),
    ({"ShardIteratorType": "LATEST", "StartingSequenceNumber": "5"},
     NOW_AND_THEN + "LATEST and also a StartingSequenceNumber."),
    ({"ShardIteratorType": "AT_SEQUENCE_NUMBER"}, NOW_AND_THEN + "AT_SEQUENCE_NUMBER and no StartingSequenceNumber."),
    ({"ShardIteratorType": "AFTER_SEQUENCE_NUMBER"},
     NOW_AND_THEN + "AFTER_SEQUENCE_NUMBER and no StartingSequenceNumber."),
    ({"ShardIteratorType": "AT_TIMESTAMP"},
     "Must specify timestampInMillis parameter for iterator of type AT_TIMESTAMP. Current request has no timestamp "
     "parameter."),
])
def test_what_a_type_needs(wire, stream, members, text):
    answer = wire.call("GetShardIterator", {"StreamName": stream, "ShardId": "0", **members})

    assert answer.error == ("InvalidArgumentException", text)


def number(create, shard, second, version="2", index=0):
    return str(int(f"2{create:09x}{shard % 16:x}{index:016x}00{second:09x}{shard % 2**32:08x}{version}", 16))


def test_numbers_from_elsewhere(kinesis, wire, stream, account):
    start = kinesis.list_shards(StreamName=stream)["Shards"][0]["SequenceNumberRange"]["StartingSequenceNumber"]
    created = int(f"{int(start):x}"[1:10], 16)
    where = f"shard shardId-000000000000 in stream {stream} under account {account}"

    def error(number):
        return wire.call("GetShardIterator", {
            "StreamName": stream, "ShardId": "0", "ShardIteratorType": "AT_SEQUENCE_NUMBER",
            "StartingSequenceNumber": number})

    broken = str(int("3" + "0" * 46, 16))
    assert error(broken).error == (
        "InvalidArgumentException", f"StartingSequenceNumber {broken} used in GetShardIterator on {where} is invalid.")
    assert error(number(created, 5, created)).error == (
        "InvalidArgumentException",
        "Invalid StartingSequenceNumber. It encodes shardId-000000000005, while it was used in a call to a shard with "
        "shardId-000000000000")
    assert error(number(created, -(2**31), created)).error == (
        "InvalidArgumentException",
        "Invalid StartingSequenceNumber. It encodes shardId--02147483648, while it was used in a call to a shard with "
        "shardId-000000000000")
    foreign = number(created - 1, 0, created)
    assert error(foreign).error == (
        "InvalidArgumentException",
        f"StartingSequenceNumber {foreign} used in GetShardIterator on {where} is invalid because it did not come from "
        "this stream.")
    zero = error("0")
    assert (zero.status, zero.value) == (500, {"__type": "InternalFailure"})


@pytest.mark.parametrize("shard", ["shardId-000000000007", "7"])
def test_a_shard_that_is_not_there(wire, stream, account, shard):
    for name in (stream, "no-such-stream"):
        assert wire.call("GetShardIterator", {
            "StreamName": name, "ShardId": shard, "ShardIteratorType": "LATEST"}).error == (
            "ResourceNotFoundException",
            f"Shard shardId-000000000007 in stream {name} under account {account} does not exist")


def test_the_token(kinesis, filled):
    stream, _ = filled
    token = iterator(kinesis, stream)
    raw = base64.b64decode(token, validate=True)

    assert len(token) <= 512
    assert base64.b64encode(raw).decode() == token
    assert raw[:8] == bytes(7) + b"\x01"
    assert (len(raw) - 152) % 16 == 0
    assert len(raw) >= 152


def test_a_token_is_used_as_often_as_one_likes(kinesis, filled):
    stream, _ = filled
    token = iterator(kinesis, stream)

    answers = [kinesis.get_records(ShardIterator=token, Limit=4) for _ in range(3)]
    quoted = kinesis.get_records(ShardIterator=f'"{token}"', Limit=4)

    assert all(answer["Records"] == answers[0]["Records"] for answer in [*answers, quoted])
    assert len(answers[0]["Records"]) == 4


@pytest.mark.parametrize("spoil", [
    lambda token: "x", lambda token: token[:-4], lambda token: token + "AAAA",
    lambda token: token[:40] + ("A" if token[40] != "A" else "B") + token[41:],
    lambda token: base64.b64encode(bytes(152)).decode(), lambda token: token[:-2] + "!=",
])
def test_a_token_nobody_gave(kinesis, wire, stream, spoil):
    token = spoil(iterator(kinesis, stream))

    assert wire.call("GetRecords", {"ShardIterator": token}).error == (
        "InvalidArgumentException", "Invalid ShardIterator.")


def test_the_records(wire, kinesis, filled):
    stream, numbers = filled
    answer = wire.call("GetRecords", {"ShardIterator": iterator(kinesis, stream)}).value

    assert set(answer) == {"Records", "MillisBehindLatest", "NextShardIterator"}
    assert answer["MillisBehindLatest"] == 0
    for i, record in enumerate(answer["Records"]):
        second = int(f"{int(numbers[i]):x}"[29:38], 16)
        arrival = record.pop("ApproximateArrivalTimestamp")
        assert abs(arrival - time.time()) < 60
        assert 0 <= arrival - second < 3
        assert record == {"SequenceNumber": numbers[i], "PartitionKey": "a",
                          "Data": base64.b64encode(b"%d" % i).decode()}


def test_json_and_cbor_say_the_same(wire, kinesis, filled):
    stream, _ = filled
    token = iterator(kinesis, stream)

    plain = wire.call("GetRecords", {"ShardIterator": token}).value["Records"]
    binary = wire.call("GetRecords", {"ShardIterator": token}, CBOR)

    assert b"\xc1\xfb" not in binary.body
    for left, right in zip(plain, binary.value["Records"], strict=True):
        assert Millis(round(left["ApproximateArrivalTimestamp"] * 1000)) == right["ApproximateArrivalTimestamp"]
        assert base64.b64decode(left["Data"]) == right["Data"]
        assert (left["SequenceNumber"], left["PartitionKey"]) == (right["SequenceNumber"], right["PartitionKey"])


def test_chained_iterators_read_everything_once(kinesis, filled):
    stream, _ = filled
    token, seen = iterator(kinesis, stream), []
    for _ in range(6):
        answer = kinesis.get_records(ShardIterator=token, Limit=3)
        seen += [record["Data"] for record in answer["Records"]]
        token = answer["NextShardIterator"]
        assert (answer["MillisBehindLatest"] == 0) == (len(seen) == 10)

    assert seen == [b"%d" % i for i in range(10)]


def test_ten_mib_an_answer(kinesis, stream):
    megabyte = bytes(1048575)
    for first in range(0, 15, 5):
        kinesis.put_records(StreamName=stream, Records=[
            {"PartitionKey": "a", "Data": megabyte} for _ in range(first, first + 5)])

    first = kinesis.get_records(ShardIterator=iterator(kinesis, stream))
    second = kinesis.get_records(ShardIterator=first["NextShardIterator"])

    assert [len(first["Records"]), len(second["Records"])] == [10, 5]
    assert second["MillisBehindLatest"] == 0


def test_ten_thousand_records_an_answer(kinesis, stream):
    for _ in range(21):
        kinesis.put_records(StreamName=stream, Records=[{"PartitionKey": "a", "Data": b""}] * 500)

    token, counts = iterator(kinesis, stream), []
    for _ in range(2):
        answer = kinesis.get_records(ShardIterator=token)
        token = answer["NextShardIterator"]
        counts.append(len(answer["Records"]))

    assert counts == [10000, 500]


def test_an_empty_shard_answers_at_once_and_goes_on(kinesis, stream):
    token = iterator(kinesis, stream)

    for _ in range(3):
        answer = kinesis.get_records(ShardIterator=token)
        assert answer["Records"] == []
        assert answer["MillisBehindLatest"] == 0
        token = answer["NextShardIterator"]
    kinesis.put_record(StreamName=stream, PartitionKey="a", Data=b"x")

    assert len(kinesis.get_records(ShardIterator=token)["Records"]) == 1


def test_an_arn_with_a_token_must_be_the_tokens(kinesis, wire, make_stream):
    stream, other = make_stream(), make_stream()
    token = iterator(kinesis, stream)
    arns = [kinesis.describe_stream_summary(StreamName=name)["StreamDescriptionSummary"]["StreamARN"]
            for name in (stream, other)]

    assert wire.call("GetRecords", {"ShardIterator": token, "StreamARN": arns[0]}).status == 200
    assert wire.call("GetRecords", {"ShardIterator": token, "StreamARN": arns[1]}).error == (
        "InvalidArgumentException", "Invalid ShardIterator.")


def test_records_of_a_deleted_stream(kinesis, wire, make_stream, account):
    stream = make_stream()
    token = iterator(kinesis, stream)
    kinesis.delete_stream(StreamName=stream)

    answers = {wire.call("GetRecords", {"ShardIterator": token}).error for _ in range(2)}

    assert answers == {("ResourceNotFoundException",
                        f"Shard shardId-000000000000 in stream {stream} under account {account} does not exist")}


def test_one_order_for_all_readers(kinesis, stream):
    for i in range(50):
        kinesis.put_records(StreamName=stream, Records=[
            {"PartitionKey": str(j), "Data": b"%d-%d" % (i, j)} for j in range(7)])

    reads = [data_from(kinesis, stream, "TRIM_HORIZON") for _ in range(2)]
    records = kinesis.get_records(ShardIterator=iterator(kinesis, stream))["Records"]

    assert reads[0] == reads[1] == [b"%d-%d" % (i, j) for i in range(50) for j in range(7)]
    assert all(int(first["SequenceNumber"]) < int(second["SequenceNumber"])
               for first, second in itertools.pairwise(records))
