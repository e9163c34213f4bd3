"""SplitShard, MergeShards, UpdateShardCount and ListShards."""

import datetime
import itertools

import pytest
from conftest import wait_active

HASH_KEYS = 2**128
NOT_SHARDS = ["shardId-002147483648", "2147483648", "ABKLFD8", "2.14E4", "shardId-a"]


def shards_of(kinesis, stream, **members):
    return kinesis.list_shards(StreamName=stream, **members)["Shards"]


def range_of(shard):
    hash_keys = shard["HashKeyRange"]
    return int(hash_keys["StartingHashKey"]), int(hash_keys["EndingHashKey"])


def is_open(shard):
    return "EndingSequenceNumber" not in shard["SequenceNumberRange"]


def assert_cover(shards):
    ranges = sorted(range_of(shard) for shard in shards)
    assert ranges[0][0] == 0
    assert ranges[-1][1] == HASH_KEYS - 1
    for (_, end), (start, _) in itertools.pairwise(ranges):
        assert end + 1 == start


def index_of(shard):
    return int(shard["ShardId"].split("-")[1])


def second_in(number, digits):
    return int(f"{int(number):x}"[digits], 16)


def test_a_split(kinesis, stream):
    kinesis.split_shard(StreamName=stream, ShardToSplit="shardId-000000000000", NewStartingHashKey="1000")
    wait_active(kinesis, stream)
    parent, left, right = shards_of(kinesis, stream)

    assert range_of(left) == (0, 999)
    assert range_of(right) == (1000, HASH_KEYS - 1)
    for child in (left, right):
        assert child["ParentShardId"] == parent["ShardId"]
        assert "AdjacentParentShardId" not in child
        assert is_open(child)
    ending = parent["SequenceNumberRange"]["EndingSequenceNumber"]
    assert f"{int(ending):x}"[11:27] == "7fffffffffffffff"
    for child in (left, right):
        starting = child["SequenceNumberRange"]["StartingSequenceNumber"]
        assert second_in(starting, slice(1, 10)) == second_in(ending, slice(29, 38)) + 1
        assert second_in(starting, slice(1, 10)) == second_in(starting, slice(29, 38))
        assert second_in(starting, slice(11, 27)) == 0


def test_a_merge(kinesis, make_stream):
    stream = make_stream(3)
    kinesis.merge_shards(StreamName=stream, ShardToMerge="shardId-000000000001",
                         AdjacentShardToMerge="shardId-000000000002")
    wait_active(kinesis, stream)
    first, second, third, child = shards_of(kinesis, stream)

    assert is_open(first) and not is_open(second) and not is_open(third) and is_open(child)
    assert child["ParentShardId"] == second["ShardId"]
    assert child["AdjacentParentShardId"] == third["ShardId"]
    assert_cover([first, child])


def test_the_parent_is_read_to_its_end_and_names_its_children(kinesis, wire, stream):
    kinesis.put_records(StreamName=stream, Records=[
        {"PartitionKey": "a", "ExplicitHashKey": key, "Data": key.encode()} for key in ("0", "999", "1000")])
    kinesis.split_shard(StreamName=stream, ShardToSplit="shardId-000000000000", NewStartingHashKey="1000")
    wait_active(kinesis, stream)
    kinesis.put_records(StreamName=stream, Records=[
        {"PartitionKey": "a", "ExplicitHashKey": key, "Data": key.encode()} for key in ("999", "1000")])

    def read(shard, type_, limit=10000):
        iterator = kinesis.get_shard_iterator(
            StreamName=stream, ShardId=shard, ShardIteratorType=type_)["ShardIterator"]
        return wire.call("GetRecords", {"ShardIterator": iterator, "Limit": limit}).value

    def go_on(answer):
        return wire.call("GetRecords", {"ShardIterator": answer["NextShardIterator"]}).value

    part, whole = read("0", "TRIM_HORIZON", 2), read("0", "TRIM_HORIZON", 3)
    rest = go_on(part)
    for answer, count in [(part, 2), (whole, 3), (rest, 1)]:  # The end never comes with records.
        assert len(answer["Records"]) == count
        assert "NextShardIterator" in answer and "ChildShards" not in answer
    assert whole["MillisBehindLatest"] == rest["MillisBehindLatest"] == 0
    for answer in (go_on(whole), go_on(rest), read("0", "LATEST")):
        assert answer["Records"] == []
        assert "NextShardIterator" not in answer
        assert answer["MillisBehindLatest"] == 0
        assert answer["ChildShards"] == [
            {"ShardId": "shardId-000000000001", "ParentShards": ["shardId-000000000000"],
             "HashKeyRange": {"StartingHashKey": "0", "EndingHashKey": "999"}},
            {"ShardId": "shardId-000000000002", "ParentShards": ["shardId-000000000000"],
             "HashKeyRange": {"StartingHashKey": "1000", "EndingHashKey": str(HASH_KEYS - 1)}}]
    for shard, data in [("1", b"999"), ("2", b"1000")]:
        iterator = kinesis.get_shard_iterator(
            StreamName=stream, ShardId=shard, ShardIteratorType="TRIM_HORIZON")["ShardIterator"]
        answer = kinesis.get_records(ShardIterator=iterator)
        assert [record["Data"] for record in answer["Records"]] == [data]
        assert "NextShardIterator" in answer and "ChildShards" not in answer
        number = answer["Records"][0]["SequenceNumber"]
        starting = shards_of(kinesis, stream)[int(shard)]["SequenceNumberRange"]["StartingSequenceNumber"]
        assert int(number) > int(starting)
        assert second_in(number, slice(29, 38)) >= second_in(starting, slice(1, 10))


def test_both_parents_are_named_for_a_merged_child(kinesis, wire, make_stream):
    stream = make_stream(2)
    kinesis.merge_shards(StreamName=stream, ShardToMerge="shardId-000000000000",
                         AdjacentShardToMerge="shardId-000000000001")
    wait_active(kinesis, stream)

    for shard in "01":
        iterator = kinesis.get_shard_iterator(
            StreamName=stream, ShardId=shard, ShardIteratorType="TRIM_HORIZON")["ShardIterator"]
        answer = wire.call("GetRecords", {"ShardIterator": iterator}).value
        assert answer["ChildShards"] == [
            {"ShardId": "shardId-000000000002",
             "ParentShards": ["shardId-000000000000", "shardId-000000000001"],
             "HashKeyRange": {"StartingHashKey": "0", "EndingHashKey": str(HASH_KEYS - 1)}}]


@pytest.mark.parametrize("key, is_fine", [("0", False), ("1", False), ("2", True),
                                          (str(HASH_KEYS - 2), True), (str(HASH_KEYS - 1), False),
                                          ("9" * 39, False)])
def test_where_a_shard_may_be_split(wire, make_stream, account, key, is_fine):
    stream = make_stream()

    answer = wire.call("SplitShard", {"StreamName": stream, "ShardToSplit": "0", "NewStartingHashKey": key})

    if is_fine:
        assert (answer.status, answer.body) == (200, b"")
    else:
        assert answer.error == (
            "InvalidArgumentException",
            f"NewStartingHashKey {key} used in SplitShard() on shard shardId-000000000000 in stream {stream} under "
            f"account {account} is not both greater than one plus the shard's StartingHashKey 0 and less than the "
            f"shard's EndingHashKey {HASH_KEYS - 1}.")


@pytest.mark.parametrize("shard", ["shardId-000000000000", "shard-0", "anything-0", "0", "-0", "x-0-y"])
def test_the_syntax_of_a_shard_id_is_lenient(wire, make_stream, shard):
    answer = wire.call("SplitShard", {"StreamName": make_stream(), "ShardToSplit": shard, "NewStartingHashKey": "5"})

    assert answer.status == 200


@pytest.mark.parametrize("shard", NOT_SHARDS)
def test_a_shard_id_that_is_none(wire, account, shard):
    expected = ("ResourceNotFoundException",
                f"Could not find shard {shard} in stream no-such-stream under account {account}.")
    name = {"StreamName": "no-such-stream"}

    for operation, members in [
        ("SplitShard", {"ShardToSplit": shard, "NewStartingHashKey": "5"}),
        ("MergeShards", {"ShardToMerge": shard, "AdjacentShardToMerge": "1"}),
        ("MergeShards", {"ShardToMerge": "1", "AdjacentShardToMerge": shard}),
        ("GetShardIterator", {"ShardId": shard, "ShardIteratorType": "LATEST"}),
    ]:
        assert wire.call(operation, {**name, **members}).error == expected


def test_a_shard_the_stream_does_not_have(wire, stream, account):
    expected = ("ResourceNotFoundException",
                f"Could not find shard shardId-000000000005 in stream {stream} under account {account}.")

    assert wire.call("SplitShard", {"StreamName": stream, "ShardToSplit": "5", "NewStartingHashKey": "5"}).error == expected
    assert wire.call("MergeShards", {"StreamName": stream, "ShardToMerge": "5", "AdjacentShardToMerge": "6"}).error == expected


def test_a_closed_shard_is_not_split_again(kinesis, wire, stream, account):
    kinesis.split_shard(StreamName=stream, ShardToSplit="0", NewStartingHashKey="5")
    wait_active(kinesis, stream)

    assert wire.call("SplitShard", {"StreamName": stream, "ShardToSplit": "0", "NewStartingHashKey": "6"}).error == (
        "InvalidArgumentException",
        f"Shard shardId-000000000000 in stream {stream} under account {account} has already been merged or split, and "
        "thus is not eligible for merging or splitting.")


@pytest.mark.parametrize("pair", [(0, 2), (1, 0), (1, 1), (2, 0)])
def test_only_adjacent_shards_in_order_are_merged(wire, make_stream, account, pair):
    stream = make_stream(3)
    first, second = (f"shardId-{index:012}" for index in pair)

    assert wire.call("MergeShards", {
        "StreamName": stream, "ShardToMerge": first, "AdjacentShardToMerge": second}).error == (
        "InvalidArgumentException",
        f"Shards {first} and {second} in stream {stream} under account {account} are not an adjacent pair of shards "
        "eligible for merging")


@pytest.mark.parametrize("operation, members", [
    ("SplitShard", {"ShardToSplit": "0", "NewStartingHashKey": "5"}),
    ("MergeShards", {"ShardToMerge": "0", "AdjacentShardToMerge": "1"}),
    ("UpdateShardCount", {"ScalingType": "UNIFORM_SCALING", "TargetShardCount": 5}),
])
def test_on_demand_streams_scale_themselves(kinesis, wire, make_stream, account, operation, members):
    name = make_stream() + "-on-demand"
    kinesis.create_stream(StreamName=name)
    wait_active(kinesis, name)

    answer = wire.call(operation, {"StreamName": name, **members})
    kinesis.delete_stream(StreamName=name)

    assert answer.error == ("ValidationException",
                            f"Request is invalid. Stream {name} under account {account} is in On-Demand mode.")


@pytest.mark.parametrize("count, target, open_ids, all_count", [
    (4, 3, [6, 9, 10], 11), (2, 3, [2, 6, 5], 7), (2, 4, None, 6), (4, 5, None, 15), (4, 2, None, 6),
    (3, 6, None, 9), (6, 3, None, 9), (1, 2, [1, 2], 3), (2, 1, [2], 3),
])
def test_uniform_scaling(kinesis, make_stream, account, count, target, open_ids, all_count):
    stream = make_stream(count)

    answer = kinesis.update_shard_count(
        StreamName=stream, TargetShardCount=target, ScalingType="UNIFORM_SCALING")
    wait_active(kinesis, stream)
    shards = shards_of(kinesis, stream)

    del answer["ResponseMetadata"]
    assert answer == {"StreamName": stream, "CurrentShardCount": count, "TargetShardCount": target,
                      "StreamARN": f"arn:aws:kinesis:us-east-1:{account}:stream/{stream}"}
    assert [index_of(shard) for shard in shards] == list(range(all_count))
    opened = sorted((shard for shard in shards if is_open(shard)), key=range_of)
    assert_cover(opened)
    width = HASH_KEYS // target
    assert all(abs(range_of(shard)[0] - i * width) <= count + target for i, shard in enumerate(opened))
    if open_ids:
        assert [index_of(shard) for shard in opened] == open_ids
    by_id = {shard["ShardId"]: shard for shard in shards}
    for shard in shards[count:]:
        for member in ("ParentShardId", "AdjacentParentShardId"):
            if member in shard:
                parent = by_id[shard[member]]["SequenceNumberRange"]
                assert int(shard["SequenceNumberRange"]["StartingSequenceNumber"]) > int(parent["EndingSequenceNumber"])


@pytest.mark.parametrize("count, target, text", [
    (2, 5, "UpdateShardCount cannot scale up over double your current open shard count."),
    (4, 1, "UpdateShardCount cannot scale down below half your current open shard count."),
    (1, 20001, "Target shard count or number of open shards cannot be greater than 10000."),
])
def test_how_far_one_call_scales(wire, make_stream, count, target, text):
    stream = make_stream(count)

    assert wire.call("UpdateShardCount", {
        "StreamName": stream, "TargetShardCount": target, "ScalingType": "UNIFORM_SCALING"}).error == (
        "LimitExceededException",
        f"{text} Current open shard count: {count}, Target shard count: {target}")


def test_shards_in_pages(kinesis, make_stream):
    stream = make_stream(5)
    ids = [f"shardId-{i:012}" for i in range(5)]

    first = kinesis.list_shards(StreamName=stream, MaxResults=2)
    second = kinesis.list_shards(NextToken=first["NextToken"], MaxResults=2)
    third = kinesis.list_shards(NextToken=second["NextToken"], MaxResults=2)
    # botocore's paginator sends the name with the token too, which the service refuses: one page is all it can.
    pages = kinesis.get_paginator("list_shards").paginate(StreamName=stream, PaginationConfig={"PageSize": 5})

    pages_by_hand = [first, second, third]
    assert [[s["ShardId"] for s in page["Shards"]] for page in pages_by_hand] == [ids[:2], ids[2:4], ids[4:]]
    assert "NextToken" not in third
    assert [shard["ShardId"] for page in pages for shard in page["Shards"]] == ids
    after = kinesis.list_shards(StreamName=stream, ExclusiveStartShardId=ids[2])
    assert [shard["ShardId"] for shard in after["Shards"]] == ids[3:]


@pytest.mark.parametrize("members, text", [
    ({}, "Either NextToken or StreamName should be provided."),
    ({"NextToken": "a", "StreamName": "b"}, "NextToken and StreamName cannot be provided together."),
    ({"NextToken": "a", "ShardFilter": {"Type": "AT_LATEST"}},
     "NextToken and ShardFilter cannot be provided together."),
    ({"NextToken": "a", "ExclusiveStartShardId": "b"},
     "NextToken and ExclusiveStartShardId cannot be provided together."),
    ({"NextToken": "a", "StreamCreationTimestamp": 1},
     "NextToken and StreamCreationTimestamp cannot be provided together."),
])
def test_what_a_token_may_come_with(wire, members, text):
    assert wire.call("ListShards", members).error == ("InvalidArgumentException", text)


@pytest.mark.parametrize("shard_filter, text", [
    ({"Type": "AFTER_SHARD_ID"}, "ShardId must be supplied in a ShardFilter with a Type of AFTER_SHARD_ID"),
    ({"Type": "AT_TIMESTAMP"},
     "Timestamp must be supplied in a ShardFilter with a Type of FROM_TIMESTAMP or AT_TIMESTAMP"),
    ({"Type": "FROM_TIMESTAMP"},
     "Timestamp must be supplied in a ShardFilter with a Type of FROM_TIMESTAMP or AT_TIMESTAMP"),
])
def test_what_a_filter_needs(wire, stream, shard_filter, text):
    assert wire.call("ListShards", {"StreamName": stream, "ShardFilter": shard_filter}).error == (
        "InvalidArgumentException", text)


def test_filters(kinesis, make_stream):
    stream = make_stream(2)
    kinesis.split_shard(StreamName=stream, ShardToSplit="0", NewStartingHashKey="5")
    wait_active(kinesis, stream)
    now = datetime.datetime.now(datetime.timezone.utc)

    def listed(**shard_filter):
        return [index_of(shard) for shard in shards_of(kinesis, stream, ShardFilter=shard_filter)]

    assert listed(Type="AT_LATEST") == [1, 2, 3]
    assert listed(Type="AT_TRIM_HORIZON") == [0, 1]
    assert listed(Type="FROM_TRIM_HORIZON") == [0, 1, 2, 3]
    assert listed(Type="AFTER_SHARD_ID", ShardId="shardId-000000000001") == [2, 3]
    assert listed(Type="AT_TIMESTAMP", Timestamp=now - datetime.timedelta(days=9)) == [0, 1]
    assert listed(Type="FROM_TIMESTAMP", Timestamp=now - datetime.timedelta(days=9)) == [0, 1, 2, 3]
    assert listed(Type="FROM_TIMESTAMP", Timestamp=now + datetime.timedelta(hours=1)) == [1, 2, 3]
    first = kinesis.list_shards(StreamName=stream, ShardFilter={"Type": "AT_LATEST"}, MaxResults=1)
    rest = kinesis.list_shards(NextToken=first["NextToken"])
    assert [index_of(shard) for shard in first["Shards"] + rest["Shards"]] == [1, 2, 3]


def test_a_creation_time_tells_streams_of_one_name_apart(kinesis, wire, stream, account):
    created = kinesis.describe_stream_summary(StreamName=stream)["StreamDescriptionSummary"]["StreamCreationTimestamp"]

    assert len(shards_of(kinesis, stream, StreamCreationTimestamp=created)) == 1
    assert wire.call("ListShards", {
        "StreamName": stream, "StreamCreationTimestamp": int(created.timestamp()) - 1}).error == (
        "ResourceNotFoundException", f"Stream {stream} under account {account} not found.")
