"""PutRecord and PutRecords: routing, numbers, sizes, what comes back."""

import base64
import hashlib
import itertools

import pytest
from support.raw import CBOR, JSON

HASH_KEYS = 2**128


def records_of(kinesis, stream, shard):
    iterator = kinesis.get_shard_iterator(
        StreamName=stream, ShardId=str(shard), ShardIteratorType="TRIM_HORIZON")["ShardIterator"]
    return kinesis.get_records(ShardIterator=iterator)["Records"]


def shard_of(hash_key, shard_count):
    return min(hash_key // (HASH_KEYS // shard_count), shard_count - 1)


@pytest.mark.parametrize("key, index", [("a", 0), ("b", 1), ("e", 2), ("é", None), ("😀", None), ("\x00", None),
                                        ("k" * 256, None), (" ", None)])
def test_the_md5_of_the_key_in_utf8_chooses_the_shard(kinesis, make_stream, key, index):
    stream = make_stream(3)
    expected = shard_of(int(hashlib.md5(key.encode()).hexdigest(), 16), 3)

    answer = kinesis.put_record(StreamName=stream, PartitionKey=key, Data=b"x")

    assert index in (None, expected)
    assert answer["ShardId"] == f"shardId-{expected:012}"
    assert [(r["PartitionKey"], r["Data"]) for r in records_of(kinesis, stream, expected)] == [(key, b"x")]


@pytest.mark.parametrize("hash_key, index", [
    (0, 0), (113427455640312821154458202477256070484, 0), (113427455640312821154458202477256070485, 1),
    (226854911280625642308916404954512140969, 1), (226854911280625642308916404954512140970, 2), (HASH_KEYS - 1, 2)])
def test_hash_key_ranges_hold_both_their_ends(kinesis, make_stream, hash_key, index):
    stream = make_stream(3)

    answer = kinesis.put_record(StreamName=stream, PartitionKey="a", ExplicitHashKey=str(hash_key), Data=b"x")

    assert answer["ShardId"] == f"shardId-{index:012}"
    assert records_of(kinesis, stream, index)[0]["PartitionKey"] == "a"


@pytest.mark.parametrize("hash_key", [HASH_KEYS, 10**39 - 1])
def test_a_hash_key_beyond_the_space(wire, stream, hash_key):
    expected = ("InvalidArgumentException",
                "Invalid ExplicitHashKey. ExplicitHashKey must be in the range: [0, 2^128-1]. Specified value was "
                f"{hash_key}")
    record = {"PartitionKey": "a", "Data": "", "ExplicitHashKey": str(hash_key)}

    assert wire.call("PutRecord", {"StreamName": stream, **record}).error == expected
    assert wire.call("PutRecords", {"StreamName": stream, "Records": [
        {"PartitionKey": "a", "Data": ""}, record]}).error == expected


def test_the_answer_of_put_record(wire, stream):
    for form, data in [(JSON, "aGk="), (CBOR, b"hi")]:
        answer = wire.call("PutRecord", {"StreamName": stream, "PartitionKey": "a", "Data": data}, form)
        assert answer.status == 200
        assert set(answer.value) == {"ShardId", "SequenceNumber"}


def test_the_answer_of_put_records(wire, kinesis, make_stream):
    stream = make_stream(3)
    hash_keys = [0, HASH_KEYS - 1, HASH_KEYS // 2, 0, HASH_KEYS - 1]

    answer = wire.call("PutRecords", {"StreamName": stream, "Records": [
        {"PartitionKey": "a", "ExplicitHashKey": str(key), "Data": base64.b64encode(b"%d" % i).decode()}
        for i, key in enumerate(hash_keys)]}).value

    assert set(answer) == {"FailedRecordCount", "Records"}
    assert answer["FailedRecordCount"] == 0
    assert all(set(entry) == {"SequenceNumber", "ShardId"} for entry in answer["Records"])
    assert [entry["ShardId"][-1] for entry in answer["Records"]] == ["0", "2", "1", "0", "2"]
    for shard, members in [(0, [0, 3]), (1, [2]), (2, [1, 4])]:
        stored = records_of(kinesis, stream, shard)
        assert [record["Data"] for record in stored] == [b"%d" % i for i in members]
        assert [record["SequenceNumber"] for record in stored] == [
            answer["Records"][i]["SequenceNumber"] for i in members]


def test_numbers_of_one_call_and_shard_are_consecutive(kinesis, stream):
    answer = kinesis.put_records(StreamName=stream, Records=[{"PartitionKey": str(i), "Data": b""} for i in range(500)])

    indexes = [int(f"{int(entry['SequenceNumber']):x}"[11:27], 16) for entry in answer["Records"]]
    assert indexes == list(range(indexes[0], indexes[0] + 500))


def test_numbers_rise_from_call_to_call(kinesis, stream):
    shard = kinesis.list_shards(StreamName=stream)["Shards"][0]
    numbers = [shard["SequenceNumberRange"]["StartingSequenceNumber"]]
    for _ in range(20):
        numbers.append(kinesis.put_record(StreamName=stream, PartitionKey="a", Data=b"")["SequenceNumber"])

    assert all(int(first) < int(second) for first, second in itertools.pairwise(numbers))
    assert all(len(number) == 56 and number[0] != "0" for number in numbers)


@pytest.mark.parametrize("number", ["0", "5", "49674026002850188218576229259473476449429298564223254594"])
def test_any_number_of_the_past_may_order(wire, stream, number):
    answer = wire.call("PutRecord", {
        "StreamName": stream, "PartitionKey": "a", "Data": "", "SequenceNumberForOrdering": number})

    assert answer.status == 200


@pytest.mark.parametrize("number", [
    str(int("2" + f"{9999999999 % 16**9:09x}" + "0" * 19 + f"{16025175001:09x}" + "0" * 8 + "2", 16)),
    str(int("3" + "0" * 46, 16)), str(int("2" + "0" * 45 + "3", 16)), "9" * 129])
def test_a_number_that_cannot_order(wire, stream, account, number):
    assert wire.call("PutRecord", {
        "StreamName": stream, "PartitionKey": "a", "Data": "", "SequenceNumberForOrdering": number}).error == (
        "InvalidArgumentException",
        f"ExclusiveMinimumSequenceNumber {number} used in PutRecord on stream {stream} under account {account} is "
        "invalid.")


@pytest.mark.parametrize("size", [0, 1, 1048575])
def test_sizes_that_fit(kinesis, stream, size):
    data = bytes(i % 251 for i in range(size))

    kinesis.put_record(StreamName=stream, PartitionKey="a", Data=data)

    assert records_of(kinesis, stream, 0)[0]["Data"] == data


def test_the_key_counts_to_the_size(wire, stream):
    answer = wire.call("PutRecord", {"StreamName": stream, "PartitionKey": "ab", "Data": bytes(1048575)}, CBOR)

    assert answer.error[0] == "ValidationException"
    assert "Member must have length less than or equal to 1048576" in answer.error[1]


def test_ten_mib_a_call(wire, stream):
    def put(last):
        entries = [{"PartitionKey": "k", "Data": bytes(1048575)}] * 9 + [{"PartitionKey": "k", "Data": bytes(last)}]
        return wire.call("PutRecords", {"StreamName": stream, "Records": entries}, CBOR)

    assert put(1048575).status == 200
    over = [{"PartitionKey": "k", "Data": bytes(1048575)}] * 10 + [{"PartitionKey": "k", "Data": b""}]
    assert wire.call("PutRecords", {"StreamName": stream, "Records": over}, CBOR).error == (
        "InvalidArgumentException", "Records size exceeds 10 MB limit")


def test_every_byte_comes_back(kinesis, stream):
    everything = bytes(range(256))

    kinesis.put_record(StreamName=stream, PartitionKey="a", Data=everything)

    assert records_of(kinesis, stream, 0)[0]["Data"] == everything
