"""JSON and CBOR are two forms of one service: the same random calls get the same answers."""

import base64
import json
import os
import random
import re

import pytest
from support.raw import CBOR, JSON, Millis, Wire

CALLS = 700
NAMES = ["one", "two", "three", "no-such-stream", "bad name", ""]
TYPES = ["TRIM_HORIZON", "LATEST", "AT_SEQUENCE_NUMBER", "AFTER_SEQUENCE_NUMBER", "AT_TIMESTAMP", "NOTHING"]


class Side:
    """One form, in a region of its own so that both begin with nothing."""

    def __init__(self, endpoint, form, region):
        self.form, self.region = form, region
        self.wire = Wire(endpoint, region=region)
        self.iterators = []  # With the stream of each.
        self.numbers = {}  # Of each stream as it is now: streams of one second take each other's numbers.
        self.firsts = {}  # The first index seen of each shard of a stream as it is now: a service begins where it likes.

    def call(self, operation, members):
        stream = members.get("StreamName", "")
        if operation == "GetRecords" and self.iterators and "ShardIterator" in members:
            stream = self.iterators[members["ShardIterator"][1] % len(self.iterators)][1]
        members = {key: self.resolved(value, stream) for key, value in members.items()}
        answer = self.wire.call(operation, members, self.form)
        value = answer.value
        if answer.status == 200 and operation in ("CreateStream", "DeleteStream"):
            self.numbers.pop(stream, None)
            self.firsts.pop(stream, None)
        if answer.status == 200 and value:
            for key in ("ShardIterator", "NextShardIterator"):
                if key in value:
                    self.iterators.append((value[key], stream))
            if operation in ("PutRecord", "PutRecords"):
                self.numbers.setdefault(stream, []).extend(
                    entry["SequenceNumber"] for entry in [value, *value.get("Records", [])] if "SequenceNumber" in entry)
        return answer.status, self.comparable(value, stream)

    def resolved(self, value, stream):
        """A member's value on this side: references by index become this side's own, blobs their form."""
        if isinstance(value, tuple):
            kind, index = value
            held = [token for token, _ in self.iterators] if kind == "iterator" else self.numbers.get(stream)
            return held[index % len(held)] if held else "none"
        if isinstance(value, list):
            return [self.resolved(entry, stream) for entry in value]
        if isinstance(value, dict):
            return {key: self.resolved(entry, stream) for key, entry in value.items()}
        if isinstance(value, bytes) and self.form == JSON:
            return base64.b64encode(value).decode()
        if isinstance(value, Millis):
            return value.value / 1000 if self.form == JSON else value.value
        return value

    def comparable(self, value, stream, key=""):
        """The value without what must differ: region, times, and the time, creation and first index in numbers and tokens."""
        if isinstance(value, dict):
            return {name: self.comparable(entry, stream, name) for name, entry in value.items()}
        if isinstance(value, list):
            return [self.comparable(entry, stream) for entry in value]
        if key in ("ShardIterator", "NextShardIterator", "NextToken"):
            return "a token"
        if key.endswith("Timestamp"):
            assert isinstance(value, Millis) == (self.form == CBOR)
            return "a time"
        if key.endswith("SequenceNumber"):
            index, shard = int(f"{int(value):x}"[11:27], 16), int(f"{int(value):x}"[38:46], 16)
            if 0 < index < 2**63 - 1:  # Neither a starting nor an ending number.
                index -= self.firsts.setdefault(stream, {}).setdefault(shard, index) - 1
            return f"number {index} of shard {shard}"
        if key == "Data" and self.form == JSON:
            return base64.b64decode(value)
        if isinstance(value, str):
            return re.sub(r"\d{13,}", "a number", value.replace(self.region, "region"))
        return value


def random_call(rng):
    """An operation and its members; some of them make no sense."""
    stream = {"StreamName": rng.choice(NAMES[:3] * 6 + NAMES)}
    record = lambda: {"PartitionKey": rng.choice(["a", "b", "", "é" * 200, "k" * 257]) if rng.random() < 0.2 else "key",  # noqa: E731
                      "Data": rng.randbytes(rng.choice([0, 1, 2, 3, 50])),
                      **({"ExplicitHashKey": rng.choice(["0", str(2**128 - 1), str(2**128), "01"])} if rng.random() < 0.3 else {})}
    shard = rng.choice(["0", "1", "shardId-000000000002", "7", "bad"])
    number = ("number", rng.randrange(1000))
    return rng.choice([
        ("CreateStream", {**stream, "ShardCount": rng.choice([0, 1, 3, 4])}),
        ("DeleteStream", stream) if rng.random() < 0.2 else ("DescribeStreamSummary", stream),
        ("DescribeStream", {**stream, "Limit": rng.choice([0, 1, 2, 100])}),
        ("ListStreams", {"Limit": rng.choice([1, 10, 20000])}),
        ("ListShards", {**stream, "ShardFilter": {"Type": rng.choice(["AT_LATEST", "FROM_TRIM_HORIZON", "X", "AFTER_SHARD_ID"])}}),
        ("PutRecord", {**stream, **record(), **({"SequenceNumberForOrdering": number} if rng.random() < 0.3 else {})}),
        ("PutRecords", {**stream, "Records": [record() for _ in range(rng.randrange(0, 5))]}),
        ("GetShardIterator", {**stream, "ShardId": shard, "ShardIteratorType": rng.choice(TYPES),
                              **({"StartingSequenceNumber": number} if rng.random() < 0.5 else {}),
                              **({"Timestamp": Millis(1_700_000_000_123)} if rng.random() < 0.5 else {})}),
        ("GetRecords", {"ShardIterator": ("iterator", rng.randrange(1000)), "Limit": rng.choice([1, 2, 10000])}),
        ("SplitShard", {**stream, "ShardToSplit": shard, "NewStartingHashKey": str(rng.randrange(2**128))}),
        ("MergeShards", {**stream, "ShardToMerge": shard, "AdjacentShardToMerge": rng.choice(["1", "2"])}),
        ("UpdateShardCount", {**stream, "ScalingType": "UNIFORM_SCALING", "TargetShardCount": rng.choice([1, 2, 3, 4])}),
        ("AddTagsToStream", {**stream, "Tags": {rng.choice("abc"): rng.choice(["", "x", "%", "#"])}}),
        ("RemoveTagsFromStream", {**stream, "TagKeys": [rng.choice("abc")]}),
        ("ListTagsForStream", {**stream, "Limit": rng.choice([1, 50, 51])}),
        ("IncreaseStreamRetentionPeriod", {**stream, "RetentionPeriodHours": rng.choice([23, 24, 48])}),
        ("DecreaseStreamRetentionPeriod", {**stream, "RetentionPeriodHours": rng.choice([23, 24, 48])}),
        ("DescribeLimits", {}),
        (rng.choice(["PutRecord", "GetRecords", "CreateStream"]), {"Data": rng.choice([5, True, [], {}]), "Limit": "x"}),
    ])


@pytest.mark.parametrize("seed", range(3))
def test_random_calls_get_the_same_answers(endpoint, seed):
    if os.environ.get("KINESIS_ENDPOINT"):
        pytest.skip("needs two regions without streams")
    rng = random.Random(seed)
    left, right = Side(endpoint, JSON, f"json-{seed}"), Side(endpoint, CBOR, f"cbor-{seed}")
    done = {}

    for index in range(CALLS):
        operation, members = random_call(rng)
        plain, binary = left.call(operation, members), right.call(operation, members)
        assert plain == binary, f"seed {seed}, call {index}: {operation} {json.dumps(members, default=str)}"
        done.setdefault(plain[0], set()).add(operation)

    assert len(done[200]) >= 14
    assert len(done[400]) >= 10
